using System.Buffers;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Broker.Actors.Redis.Subscriptions;

/// <summary>
/// One connection to one Redis node. Blocking calls only: after a single asynchronous one .NET would make every read of the socket wait for another
/// thread's signal. One thread reads, another writes, any may dispose, which ends both.
/// </summary>
internal sealed class SubscriptionLink : IDisposable
{
    private readonly Socket _socket;
    private Stream? _tls;

    private SubscriptionLink(Socket socket) => _socket = socket;

    /// <summary>Connects, gets in, and says who we are.</summary>
    /// <exception cref="RedisRefusedException">Redis does not let us in.</exception>
    public static SubscriptionLink Open(EndPoint endPoint, RedisConnectionString settings, RespReader reader, TimeSpan timeout)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, SendTimeout = (int)timeout.TotalMilliseconds };
        var link = new SubscriptionLink(socket);
        try
        {
            using var limit = new Timer(static link => ((SubscriptionLink)link!).Dispose(), link, timeout, Timeout.InfiniteTimeSpan);
            socket.Connect(endPoint);
            if (settings.Tls) link.BeginTls(endPoint, settings);
            link.Introduce(settings, reader);
            return link;
        }
        catch
        {
            link.Dispose();
            throw;
        }
    }

    /// <summary>0 when Redis has closed the connection.</summary>
    public int Read(Span<byte> into) => _tls is null ? _socket.Receive(into) : _tls.Read(into);

    public void Write(ReadOnlySpan<byte> bytes)
    {
        if (_tls is not null)
        {
            _tls.Write(bytes);
            return;
        }

        while (bytes.Length > 0) bytes = bytes[_socket.Send(bytes)..];
    }

    public void Dispose()
    {
        _socket.Dispose();
    }

    private void BeginTls(EndPoint endPoint, RedisConnectionString settings)
    {
        var tls = new SslStream(new NetworkStream(_socket), leaveInnerStreamOpen: false, settings.CertificateValidation);
        tls.AuthenticateAsClient(settings.TlsHost ?? (endPoint as DnsEndPoint)?.Host ?? ((IPEndPoint)endPoint).Address.ToString());
        _tls = tls;
    }

    private void Introduce(RedisConnectionString settings, RespReader reader)
    {
        if (settings.Password is { } password)
        {
            var error = settings.User is { } user
                ? Ask(reader, "AUTH", Encoding.UTF8.GetBytes(user), Encoding.UTF8.GetBytes(password))
                : Ask(reader, "AUTH", Encoding.UTF8.GetBytes(password));
            if (error is not null && !MeansNoPasswordNeeded(error)) throw new RedisRefusedException(error);
        }

        Ask(reader, "CLIENT", "SETNAME"u8.ToArray(), "broker-subscriptions"u8.ToArray());
    }

    private static bool MeansNoPasswordNeeded(string error) =>
        error.Contains("without any password configured", StringComparison.Ordinal) || error.Contains("no password is set", StringComparison.Ordinal);

    /// <summary>The error, if it is one.</summary>
    private string? Ask(RespReader reader, string command, params byte[][] arguments)
    {
        var buffer = new ArrayBufferWriter<byte>();
        RespCommand.Write(buffer, command, arguments);
        Write(buffer.WrittenSpan);

        RespFrame reply;
        while (!reader.TryRead(out reply))
        {
            var count = Read(reader.Free());
            if (count == 0) throw new EndOfStreamException("Redis closed the connection");
            reader.Filled(count);
        }

        return reply.IsError ? Encoding.UTF8.GetString(reply.Bytes(0)) : null;
    }
}
