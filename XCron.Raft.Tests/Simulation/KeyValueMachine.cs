using System.Buffers.Binary;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// A state machine of registers, with a hash chained over every command applied, so that any difference in content or
/// order shows. It remembers its commands, for the oracle: a negative id where the condition did not hold.
/// </summary>
internal sealed class KeyValueMachine : IStateMachine
{
    private readonly List<long> _commands = [];
    private readonly HashSet<long> _held = [];
    private readonly SortedDictionary<int, long> _registers = [];

    public ulong Hash { get; private set; }

    /// <summary>In the order applied; negative ids where the condition did not hold.</summary>
    public IReadOnlyList<long> Commands => _commands;

    /// <summary>Whether no command was applied twice.</summary>
    public bool HasNoDoubles => _held.Count == _commands.Count;

    /// <summary>Told of every command in order: its index and the hash after it.</summary>
    public Action<LogIndex, ulong> Applied { get; init; } = static (_, _) => { };

    /// <summary>0 where nothing was written.</summary>
    public long this[int key] => _registers.GetValueOrDefault(key);

    /// <summary>Whether a command is in the state, done or found not to be doable.</summary>
    public bool Holds(long id) => _held.Contains(id);

    /// <summary>The result's code is the command's id, negative where its condition did not hold.</summary>
    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
    {
        for (var i = 0; i < batch.Length; i++)
        {
            var command = KeyValueCommand.Decode(batch[i].Payload.Span);
            var holds = command.Expected is not { } expected || this[command.Key] == expected;
            if (holds)
                _registers[command.Key] = command.Value;
            Remember(holds ? command.Id : -command.Id);
            Applied(batch[i].Index, Hash);
            results[i] = new ApplyResult(holds ? command.Id : -command.Id);
        }
    }

    public ISnapshotView Capture() => new View([.. _commands], [.. _registers]);

    public ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        _commands.Clear();
        _held.Clear();
        _registers.Clear();
        Hash = 0;
        Span<byte> numbers = stackalloc byte[16];
        snapshot.ReadExactly(numbers);
        var (commands, registers) = Pair(numbers);
        for (; commands > 0; commands--)
        {
            snapshot.ReadExactly(numbers[..8]);
            Remember(BinaryPrimitives.ReadInt64LittleEndian(numbers));
        }

        for (; registers > 0; registers--)
        {
            snapshot.ReadExactly(numbers);
            var (key, value) = Pair(numbers);
            _registers[(int)key] = value;
        }

        return ValueTask.CompletedTask;
    }

    private static (long First, long Second) Pair(ReadOnlySpan<byte> numbers) =>
        (BinaryPrimitives.ReadInt64LittleEndian(numbers), BinaryPrimitives.ReadInt64LittleEndian(numbers[8..]));

    private void Remember(long outcome)
    {
        _commands.Add(outcome);
        _held.Add(Math.Abs(outcome));

        // SplitMix64's finalizer: cheap, and different orders give different results.
        var mixed = (Hash ^ (ulong)outcome) + 0x9E3779B97F4A7C15UL;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9UL;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBUL;
        Hash = mixed ^ (mixed >> 31);
    }

    private sealed class View(long[] commands, KeyValuePair<int, long>[] registers) : ISnapshotView
    {
        public ValueTask WriteAsync(Stream destination, CancellationToken cancellationToken)
        {
            Put(destination, commands.Length, registers.Length);
            Span<byte> number = stackalloc byte[8];
            foreach (var command in commands)
            {
                BinaryPrimitives.WriteInt64LittleEndian(number, command);
                destination.Write(number);
            }

            foreach (var (key, value) in registers)
                Put(destination, key, value);
            return ValueTask.CompletedTask;
        }

        public void Dispose()
        {
        }

        private static void Put(Stream destination, long first, long second)
        {
            Span<byte> numbers = stackalloc byte[16];
            BinaryPrimitives.WriteInt64LittleEndian(numbers, first);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[8..], second);
            destination.Write(numbers);
        }
    }
}
