using System.Buffers;
using System.IO.Pipelines;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Broker.Engine;

/// <summary>A TCP connection with or without TLS, before and after the handshake.</summary>
internal sealed class Wire : IDisposable
{
    private readonly Socket _socket;
    private readonly Stream _stream;

    internal Wire(Socket socket, Stream stream, byte[] binding)
    {
        (_socket, _stream, Binding) = (socket, stream, binding);
        Reader = PipeReader.Create(stream, new StreamPipeReaderOptions(bufferSize: 16 * 1024));
        Writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(minimumBufferSize: 16 * 1024));
    }

    public PipeReader Reader { get; }

    public PipeWriter Writer { get; }

    /// <summary>The hash of the accepting side's certificate, empty without TLS.</summary>
    public byte[] Binding { get; }

    /// <summary>The longest payload that the other side takes; known after the handshake.</summary>
    public int MaxFrame { get; private set; }

    /// <summary>The side that was connected to.</summary>
    public static async Task<Wire> AcceptAsync(Socket socket, LinkSettings settings, CancellationToken cancel)
    {
        socket.NoDelay = true;
        if (settings.Certificate is not { } certificate)
        {
            return new Wire(socket, new NetworkStream(socket, ownsSocket: true), []);
        }

        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions { ServerCertificate = certificate, EnabledSslProtocols = Protocols }, cancel).ConfigureAwait(false);
            return new Wire(socket, tls, Hash(certificate));
        }
        catch
        {
            // What OpenSSL keeps for it would otherwise wait for the garbage collector.
            await tls.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>The side that connects.</summary>
    public static async Task<Wire> DialAsync(Address address, LinkSettings settings, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host!, address.Port!.Value, cancel).ConfigureAwait(false);
            if (settings.Certificate is null)
            {
                return new Wire(socket, new NetworkStream(socket, ownsSocket: true), []);
            }

            // Who he is the handshake shows: the certificate's hash is part of what both sides sign.
            var tls = new SslStream(new NetworkStream(socket, ownsSocket: true), false, (_, certificate, _, _) => certificate is not null);
            await tls.AuthenticateAsClientAsync(
                new SslClientAuthenticationOptions { TargetHost = address.Host, EnabledSslProtocols = Protocols }, cancel).ConfigureAwait(false);
            using var theirs = X509CertificateLoader.LoadCertificate(tls.RemoteCertificate!.GetRawCertData());
            return new Wire(socket, tls, Hash(theirs));
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Speaks the handshake to its end.</summary>
    /// <exception cref="LinkRefusedException">The other side is not one of us.</exception>
    public async Task<HandshakeStep> ShakeHandsAsync(Handshake handshake, bool isDialler, CancellationToken cancel)
    {
        if (isDialler)
        {
            await SendAsync(handshake.Hello(), cancel).ConfigureAwait(false);
        }

        while (true)
        {
            var read = await Reader.ReadAsync(cancel).ConfigureAwait(false);
            var buffer = read.Buffer;
            var outcome = Frame.TryRead(ref buffer, Handshake.MaxLength, out var kind, out var payload);
            if (outcome == FrameRead.Incomplete)
            {
                Reader.AdvanceTo(buffer.Start, buffer.End);
                if (read.IsCompleted)
                {
                    throw new LinkRefusedException("it hung up");
                }

                continue;
            }

            if (outcome == FrameRead.Garbage)
            {
                throw new LinkRefusedException($"it does not speak wire version {Frame.WireVersion}");
            }

            var step = handshake.Step(kind, payload.ToArray(), out var answer);
            Reader.AdvanceTo(buffer.Start);
            if (answer is { } frame)
            {
                await SendAsync(frame, cancel).ConfigureAwait(false);
            }

            if (step == HandshakeStep.Failed)
            {
                throw new LinkRefusedException(handshake.Failure!);
            }

            if (step != HandshakeStep.Continue)
            {
                MaxFrame = handshake.PeerMaxFrame;
                return step;
            }
        }
    }

    /// <summary>Nothing more is sent; the other side may finish.</summary>
    public async Task FinishAsync()
    {
        if (_stream is SslStream tls)
        {
            await tls.ShutdownAsync().ConfigureAwait(false);
        }

        _socket.Shutdown(SocketShutdown.Send);
    }

    public void Dispose()
    {
        // The socket first: a write that hangs must not hold up the stream's end.
        _socket.Dispose();
        _stream.Dispose();
    }

    private static SslProtocols Protocols => SslProtocols.Tls12 | SslProtocols.Tls13;

    private static byte[] Hash(X509Certificate2 certificate) => SHA256.HashData(certificate.RawData);

    private async Task SendAsync((FrameKind Kind, byte[] Payload) message, CancellationToken cancel)
    {
        var frame = Frame.Of(message.Kind, message.Payload);
        await Writer.WriteAsync(frame.Memory, cancel).ConfigureAwait(false);
        frame.Return();
    }
}

/// <summary>The other side of a connection is not one of us.</summary>
internal sealed class LinkRefusedException(string message) : IOException(message);
