using Broker.Actors.Rich.Protocol;

namespace Broker.Actors.Serving;

/// <summary>A request of the server API was refused or failed. The codes are Centrifugo's, as rich clients get them.</summary>
public sealed class ServerApiException : Exception
{
    internal ServerApiException(RichError error, string? detail = null) : base(detail is null ? error.Message : $"{error.Message}: {detail}") => Code = error.Code;

    /// <summary>100 internal, 102 unknown channel, 106 limit exceeded, 107 bad request, 108 not available, 111 too many requests, 112 unrecoverable position.</summary>
    public uint Code { get; }
}
