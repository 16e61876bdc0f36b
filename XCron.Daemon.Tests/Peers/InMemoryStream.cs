using System.Threading.Channels;
using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Peers;

internal sealed class InMemoryStream<TSent, TReceived>(string address) : IPeerStream<TSent, TReceived>
    where TReceived : class
{
    private readonly Channel<TSent> _sent = Channel.CreateBounded<TSent>(20_000);
    private readonly Channel<TReceived> _received = Channel.CreateBounded<TReceived>(20_000);
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private readonly Pulse _readBegun = new();
    private int _reads;

    public string Address { get; } = address;

    /// <summary>Completes when the link has given the stream up.</summary>
    public Task Disposed => _disposed.Task;

    /// <summary>Where it is set, a write waits for it: what is submitted meanwhile has to go in one message.</summary>
    public Task WritesMayGo { get; set; } = Task.CompletedTask;

    public async Task WriteAsync(TSent message, CancellationToken cancellationToken)
    {
        await WritesMayGo.WaitAsync(cancellationToken);
        try
        {
            await _sent.Writer.WriteAsync(message, cancellationToken);
        }
        catch (ChannelClosedException closed)
        {
            throw new PeerCallException("the stream has ended", refused: false, closed);
        }
    }

    public async Task<TReceived?> ReadAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _reads);
        _readBegun.Set();
        try
        {
            return await _received.Reader.ReadAsync(cancellationToken);
        }
        catch (ChannelClosedException closed) when (closed.InnerException is PeerCallException broken)
        {
            throw broken;
        }
        catch (ChannelClosedException)
        {
            return null;
        }
    }

    /// <summary>Completes when the link reads for this time, and so has dealt with what it read before.</summary>
    public async Task ReadsBegun(int count)
    {
        while (true)
        {
            var begun = _readBegun.Next;
            if (Volatile.Read(ref _reads) >= count)
                return;

            await begun;
        }
    }

    public ValueTask<TSent> TakeAsync() => _sent.Reader.ReadAsync();

    public void Answer(TReceived message) => Assert.That(_received.Writer.TryWrite(message), Is.True);

    /// <summary>The connection breaks, with a reason that a process that was killed leaves.</summary>
    public void Break()
    {
        _sent.Writer.TryComplete();
        _received.Writer.TryComplete(new PeerCallException("connection reset", refused: false));
    }

    public void Dispose()
    {
        Break();
        _disposed.TrySetResult();
    }
}
