using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;

namespace XCron.Daemon.State;

/// <summary>
/// What is remembered of a task's finished runs: the last one as it is, those before it packed (about 30 bytes each),
/// since millions of them are held and few are ever read. Immutable.
/// </summary>
internal sealed class RunHistory : IEquatable<RunHistory>
{
    /// <summary>How many runs are remembered.</summary>
    public const int Kept = 20;

    private const int RunsField = RunHistoryMessage.RunsFieldNumber;

    private static readonly StrictParser<RunHistoryMessage> Parser = new(RunHistoryMessage.Parser);

    // A RunHistoryMessage. Invariant: at most Kept - 1 runs, newest first; empty without a last one.
    private readonly byte[] _earlier;

    private RunHistory(FinishedRun? last, byte[] earlier, long uncounted) =>
        (Last, _earlier, Uncounted) = (last, earlier, uncounted);

    /// <summary>The newest; null where only an open run by hand is to be remembered.</summary>
    public FinishedRun? Last { get; }

    /// <summary>
    /// How many of the runs opened max_runs does not count: they were asked for one by one, or given up at their
    /// deadline before they began.
    /// </summary>
    public long Uncounted { get; }

    public ReadOnlyMemory<byte> Earlier => _earlier;

    public static RunHistory Of(FinishedRun last) => new(last, [], 0);

    public static RunHistory Add(RunHistory? before, FinishedRun run)
    {
        if (before?.Last is not { } last)
            return new RunHistory(run, [], before?.Uncounted ?? 0);

        var message = SnapshotFormat.MessageOf(last);
        var messageBytes = message.CalculateSize();
        var kept = before._earlier.AsSpan(0, LengthOf(before._earlier, Kept - 2));
        var earlier = new byte[WireWriter.SizeOfBytes(messageBytes) + kept.Length];
        var writer = new WireWriter(earlier);
        writer.WriteLength(RunsField, messageBytes);
        message.WriteTo(earlier.AsSpan(writer.Written, messageBytes));
        kept.CopyTo(earlier.AsSpan(writer.Written + messageBytes));
        return new RunHistory(run, earlier, before.Uncounted);
    }

    public static RunHistory AddUncounted(RunHistory? before) =>
        new(before?.Last, before?._earlier ?? [], (before?.Uncounted ?? 0) + 1);

    /// <summary>What a snapshot says; null where that is nothing.</summary>
    /// <exception cref="InvalidDataException">It says what no history does.</exception>
    public static RunHistory? Load(FinishedRun? last, byte[] earlier, long uncounted)
    {
        if (last is null && earlier.Length == 0 && uncounted == 0)
            return null;
        if (earlier.Length > 0)
        {
            var message = Parser.Parse(earlier);
            if (last is null || message.Runs.Count >= Kept)
                throw new InvalidDataException($"A history has {message.Runs.Count} runs before its last.");
            foreach (var run in message.Runs)
                SnapshotFormat.FinishedOf(run);
        }

        return uncounted >= 0
            ? new RunHistory(last, earlier, uncounted)
            : throw new InvalidDataException($"A history has {uncounted} runs that do not count.");
    }

    /// <summary>All that is remembered, newest first.</summary>
    public List<FinishedRun> ToList()
    {
        var runs = new List<FinishedRun>();
        if (Last is null)
            return runs;
        runs.Add(Last);
        foreach (var run in RunHistoryMessage.Parser.ParseFrom(_earlier).Runs)
            runs.Add(SnapshotFormat.FinishedOf(run)!);
        return runs;
    }

    public bool Equals(RunHistory? other) =>
        other is not null && Equals(Last, other.Last) && Uncounted == other.Uncounted
        && _earlier.AsSpan().SequenceEqual(other._earlier);

    public override bool Equals(object? obj) => Equals(obj as RunHistory);

    public override int GetHashCode() => HashCode.Combine(Last, _earlier.Length, Uncounted);

    /// <summary>How many bytes the first so many runs take.</summary>
    private static int LengthOf(ReadOnlySpan<byte> packed, int runs)
    {
        var reader = new WireReader(packed);
        var length = 0;
        for (; runs > 0 && !reader.AtEnd; runs--)
        {
            reader.ReadTag();
            length += WireWriter.SizeOfBytes(reader.ReadBytes().Length);
        }

        return length;
    }
}
