namespace Broker.Host;

/// <summary>What an application says when it takes Broker in. Everything else is HOCON: <c>hocon/reference.conf</c> has every setting.</summary>
public sealed class BrokerHostOptions
{
    /// <summary>A HOCON file over the defaults. Null: the one that the environment variable <c>BROKER_CONFIG</c> names, if it does.</summary>
    public string? ConfigurationFile { get; set; }

    /// <summary>HOCON text over the file and the defaults.</summary>
    public string? Configuration { get; set; }

    /// <summary>Serve the demo page at <c>/</c>, as far as <c>broker.pages</c> allows. An application has pages of its own: off by default.</summary>
    public bool ServePage { get; set; }

    /// <summary>Put <c>hocon/demo.conf</c> under the file, over the defaults.</summary>
    internal bool Demo { get; set; }
}
