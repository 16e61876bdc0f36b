using System.Buffers.Binary;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A state machine whose state is a hash chained over every command applied, so that any difference in content or order
/// shows. It remembers which commands it holds, for the oracle.
/// </summary>
internal sealed class ChainMachine : IStateMachine
{
    private readonly List<long> _commands = [];

    public ulong Hash { get; private set; }

    public IReadOnlyList<long> Commands => _commands;

    /// <summary>Told of every command in order: its index and the hash after it.</summary>
    public Action<LogIndex, ulong> Applied { get; init; } = static (_, _) => { };

    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            var command = BinaryPrimitives.ReadInt64LittleEndian(batch[i].Payload.Span);
            _commands.Add(command);
            Hash = Chain(Hash, command);
            Applied(batch[i].Index, Hash);
            results[i] = new ApplyResult(command);
        }
    }

    public ISnapshotView Capture() => new View([.. _commands]);

    public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        _commands.Clear();
        Hash = 0;
        Span<byte> number = stackalloc byte[8];
        while (snapshot.ReadAtLeast(number, 8, throwOnEndOfStream: false) == 8)
        {
            var command = BinaryPrimitives.ReadInt64LittleEndian(number);
            _commands.Add(command);
            Hash = Chain(Hash, command);
        }

        return ValueTask.CompletedTask;
    }

    private static ulong Chain(ulong hash, long command)
    {
        // SplitMix64's finalizer: cheap, and different orders give different results.
        var mixed = (hash ^ (ulong)command) + 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        return mixed ^ (mixed >> 31);
    }

    private sealed class View(long[] commands) : ISnapshotView
    {
        public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken)
        {
            Span<byte> number = stackalloc byte[8];
            foreach (var command in commands)
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, command);
                destination.Write(number);
            }

            return ValueTask.CompletedTask;
        }

        public void Dispose()
        {
        }
    }
}
