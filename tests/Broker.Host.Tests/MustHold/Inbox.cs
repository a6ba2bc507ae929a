namespace Broker.Host.Tests.MustHold;

/// <summary>What one client got, in order.</summary>
/// <param name="note">What is kept of a message; all of it if left out.</param>
internal sealed class Inbox(Func<string, string>? note = null)
{
    private readonly List<string> _messages = [];
    private readonly List<(int Count, TaskCompletionSource Reached)> _awaited = [];

    public int Count
    {
        get { lock (_messages) return _messages.Count; }
    }

    public IReadOnlyList<string> All
    {
        get { lock (_messages) return [.. _messages]; }
    }

    public void Add(string message)
    {
        var kept = note is null ? message : note(message);
        lock (_messages)
        {
            _messages.Add(kept);
            for (var i = _awaited.Count - 1; i >= 0; i--)
            {
                if (_awaited[i].Count > _messages.Count) continue;
                _awaited[i].Reached.SetResult();
                _awaited.RemoveAt(i);
            }
        }
    }

    /// <summary>Until it holds so many.</summary>
    /// <param name="count">How many.</param>
    /// <param name="limit">Not longer than this.</param>
    /// <param name="describe">Its client, for whom they did not come.</param>
    public async Task HasAsync(int count, TimeSpan limit, Func<string> describe)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_messages)
        {
            if (_messages.Count >= count) return;
            _awaited.Add((count, reached));
        }

        try
        {
            await reached.Task.WaitAsync(limit);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"got {Count} of {count} messages in {limit}; {describe()}; last: {string.Join(" | ", All.TakeLast(2))}");
        }
    }
}
