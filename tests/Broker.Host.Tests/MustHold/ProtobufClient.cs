using System.Collections.Concurrent;
using System.Net.WebSockets;
using Broker.Actors.Rich.Protocol.Wire;
using Broker.Host.Tests.WebSockets;
using Google.Protobuf;

namespace Broker.Host.Tests.MustHold;

/// <summary>One client of the Centrifuge protocol in Protobuf: asks, answers pings, and notes what is published, as text.</summary>
internal sealed class ProtobufClient : IAsyncDisposable
{
    private readonly ClientWebSocket _socket = new();
    private readonly SemaphoreSlim _sending = new(1);
    private readonly ConcurrentDictionary<uint, TaskCompletionSource<Reply>> _asked = new();
    private readonly Inbox _inbox;
    private Task _reading = Task.CompletedTask;
    private uint _id;

    private ProtobufClient(Inbox inbox) => _inbox = inbox;

    public static async Task<ProtobufClient> ConnectAsync(Uri uri, Inbox? inbox = null)
    {
        var client = new ProtobufClient(inbox ?? new Inbox());
        client._socket.Options.AddSubProtocol("centrifuge-protobuf");
        await client._socket.ConnectAsync(uri, CancellationToken.None).WaitAsync(Deadline.Fact);
        client._reading = client.ReadAsync();
        await client.DoAsync(new Command { Connect = new() });
        return client;
    }

    /// <summary>In one message.</summary>
    public static byte[] Message(params IEnumerable<Command> commands)
    {
        using var message = new MemoryStream();
        foreach (var command in commands) command.WriteDelimitedTo(message);
        return message.ToArray();
    }

    public Task SubscribeAsync(string channel) => DoAsync(new Command { Subscribe = new() { Channel = channel } });

    /// <summary>Completes when it is acknowledged.</summary>
    public Task PublishAsync(string channel, string text) => DoAsync(new Command { Publish = new() { Channel = channel, Data = ByteString.CopyFromUtf8(text) } });

    public async ValueTask DisposeAsync()
    {
        _socket.Abort();
        await _reading;
        _socket.Dispose();
        _sending.Dispose();
    }

    private async Task DoAsync(Command command)
    {
        command.Id = Interlocked.Increment(ref _id);
        var asked = _asked[command.Id] = new TaskCompletionSource<Reply>(TaskCreationOptions.RunContinuationsAsynchronously);
        await SendAsync(command);
        var reply = await asked.Task.WaitAsync(Deadline.Fact);
        if (reply.Error is { } error) throw new InvalidOperationException($"{command}: {error}");
    }

    private async Task SendAsync(Command command)
    {
        await _sending.WaitAsync();
        try
        {
            await _socket.SendAsync(Message(command), WebSocketMessageType.Binary, true, CancellationToken.None);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            await Messages.ReadAsync(_socket, async message =>
            {
                using var replies = new MemoryStream(message.ToArray());
                while (replies.Position < replies.Length) await TakeAsync(Reply.Parser.ParseDelimitedFrom(replies));
            });
        }
        catch (Exception end) when (end is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It is over, and who still waits says so.
        }
    }

    private async Task TakeAsync(Reply reply)
    {
        if (reply.Push is { Pub: { } publication }) _inbox.Add(publication.Data.ToStringUtf8());
        else if (reply.WhatCase == Reply.WhatOneofCase.None) await SendAsync(new Command());
        else if (_asked.TryRemove(reply.Id, out var asked)) asked.SetResult(reply);
    }
}
