using System.Buffers.Binary;
using System.ComponentModel;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Broker.Bench.Load;

/// <summary>
/// Linux's epoll, level-triggered, for reading. The platform's own asynchronous sockets cost the generator a thread pool's wake-ups, which the server on the same cores would pay for
/// (bench/README.md has the figures).
/// </summary>
internal sealed partial class Epoll : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int AddSocket = 1;
    private const int Readable = 1;
    private const int Interrupted = 4;
    private const int Room = 512;

    // On x86-64 the kernel's entry is packed.
    private static readonly int EntrySize = RuntimeInformation.ProcessArchitecture == Architecture.X64 ? 12 : 16;

    private readonly byte[] _entries = GC.AllocateArray<byte>(Room * EntrySize, pinned: true);
    private readonly int _descriptor = Check(Create(CloseOnExec));

    /// <summary>Closing the socket takes it out again.</summary>
    public void Add(Socket socket, int key)
    {
        var entry = new byte[EntrySize];
        BinaryPrimitives.WriteInt32LittleEndian(entry, Readable);
        BinaryPrimitives.WriteInt32LittleEndian(entry.AsSpan(EntrySize - 8), key);
        Check(Control(_descriptor, AddSocket, (int)socket.Handle, entry));
    }

    /// <summary>How many sockets have something to read or are at an end; <see cref="Key"/> says which.</summary>
    public int Wait(long nanoseconds)
    {
        var timeout = new Timespec(nanoseconds / Clock.Second, nanoseconds % Clock.Second);
        var count = WaitFor(_descriptor, _entries, Room, timeout, 0);
        return count < 0 && Marshal.GetLastPInvokeError() == Interrupted ? 0 : Check(count);
    }

    public int Key(int index) => BinaryPrimitives.ReadInt32LittleEndian(_entries.AsSpan((index * EntrySize) + EntrySize - 8));

    public void Dispose() => _ = Close(_descriptor);

    private static int Check(int result) => result >= 0 ? result : throw new Win32Exception(Marshal.GetLastPInvokeError());

    [LibraryImport("libc", EntryPoint = "epoll_create1", SetLastError = true)]
    private static partial int Create(int flags);

    [LibraryImport("libc", EntryPoint = "epoll_ctl", SetLastError = true)]
    private static partial int Control(int epoll, int operation, int descriptor, byte[] entry);

    // The plain epoll_wait knows milliseconds only: too coarse for 5,000 publications a second.
    [LibraryImport("libc", EntryPoint = "epoll_pwait2", SetLastError = true)]
    private static partial int WaitFor(int epoll, byte[] entries, int room, in Timespec timeout, nint signals);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);

    private readonly record struct Timespec(long Seconds, long Nanoseconds);
}
