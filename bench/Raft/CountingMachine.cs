using System.Buffers.Binary;
using XCron.Raft;

namespace bench.Raft;

/// <summary>Counts what it is given: the least a state machine can do, so that the library alone is measured.</summary>
internal sealed class CountingMachine : IStateMachine
{
    private long _count; // written by the applier, read by whoever waits for a restart

    public long Count => Interlocked.Read(ref _count);

    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results) =>
        Interlocked.Add(ref _count, batch.Length);

    public ISnapshotView Capture() => new View(Count);

    public async ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        var bytes = new byte[sizeof(long)];
        await snapshot.ReadExactlyAsync(bytes, cancellationToken);
        Interlocked.Exchange(ref _count, BinaryPrimitives.ReadInt64LittleEndian(bytes));
    }

    private sealed class View(long count) : ISnapshotView
    {
        public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken)
        {
            var bytes = new byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(bytes, count);
            return destination.WriteAsync(bytes, cancellationToken);
        }

        public void Dispose()
        {
        }
    }
}
