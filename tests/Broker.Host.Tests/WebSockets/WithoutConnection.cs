using System.Collections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http.Features;

namespace Broker.Host.Tests.WebSockets;

/// <summary>The features of a request on a server that does not show the connection below it.</summary>
internal sealed class WithoutConnection(IFeatureCollection features) : IFeatureCollection
{
    public bool IsReadOnly => features.IsReadOnly;

    public int Revision => features.Revision;

    public object? this[Type key]
    {
        get => key == typeof(IConnectionTransportFeature) ? null : features[key];
        set => features[key] = value;
    }

    public TFeature? Get<TFeature>() => (TFeature?)this[typeof(TFeature)];

    public void Set<TFeature>(TFeature? instance) => features.Set(instance);

    public IEnumerator<KeyValuePair<Type, object>> GetEnumerator() => features.GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
