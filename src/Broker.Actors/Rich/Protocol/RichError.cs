namespace Broker.Actors.Rich.Protocol;

/// <summary>
/// Why a command failed, as its reply says it. Codes and texts are Centrifugo's (shared with its client libraries): a temporary one is tried again by the client.
/// </summary>
internal sealed record RichError(uint Code, string Message, bool Temporary = false)
{
    public static readonly RichError Internal = new(100, "internal server error", Temporary: true);
    public static readonly RichError Unauthorized = new(101, "unauthorized");
    public static readonly RichError UnknownChannel = new(102, "unknown channel");
    public static readonly RichError PermissionDenied = new(103, "permission denied");
    public static readonly RichError MethodNotFound = new(104, "method not found");
    public static readonly RichError AlreadySubscribed = new(105, "already subscribed");
    public static readonly RichError LimitExceeded = new(106, "limit exceeded");
    public static readonly RichError BadRequest = new(107, "bad request");
    public static readonly RichError NotAvailable = new(108, "not available");
    public static readonly RichError TokenExpired = new(109, "token expired");
    public static readonly RichError Expired = new(110, "expired");
    public static readonly RichError TooManyRequests = new(111, "too many requests", Temporary: true);
    public static readonly RichError UnrecoverablePosition = new(112, "unrecoverable position");
}
