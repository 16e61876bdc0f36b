namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Looks for a linearization of one register's history: Wing and Gong's search (1993), with Lowe's memory of the
/// positions it has been in (2017), by which most histories take about as many steps as they have operations. What
/// ended as unknown may be given a moment anywhere after its beginning, or none.
/// </summary>
internal sealed class LinearizationSearch
{
    private const int MaxSteps = 300_000;
    private const int Head = 0;

    private readonly List<HistoryEvent> _operations = [];
    private readonly HashSet<Position> _seen = [];

    // Beginnings and ends of the operations not yet placed, in the order of time: a doubly linked list over places
    // from 1 on. Invariant: unlinked are exactly the steps of the operations placed.
    private readonly Step[] _steps;
    private readonly int[] _next;
    private readonly int[] _previous;
    private readonly int[] _endOf; // by operation; Head where it has no end
    private int _owed; // operations that ended and are not yet placed

    /// <param name="events">Of one register, in the order in which they happened.</param>
    public LinearizationSearch(HistoryEvent[] events)
    {
        var steps = new List<(int When, Step Step)> { (-1, default) };
        var needed = NeededOpenValues(events);
        foreach (var (began, ended) in Pairs(events))
        {
            var operation = ended is { } end ? events[end] : events[began] with { Kind = HistoryKind.Info };
            if (!Matters(operation, needed))
                continue;

            steps.Add((began, new Step(_operations.Count, IsEnd: false)));
            if (operation.Kind != HistoryKind.Info)
                steps.Add((ended!.Value, new Step(_operations.Count, IsEnd: true)));
            _operations.Add(operation);
        }

        _steps = [.. steps.OrderBy(step => step.When).Select(step => step.Step)];
        _next = [.. Enumerable.Range(1, _steps.Length - 1), Head];
        _previous = [_steps.Length - 1, .. Enumerable.Range(0, _steps.Length - 1)];
        _endOf = new int[_operations.Count];
        for (var i = 1; i < _steps.Length; i++)
        {
            if (!_steps[i].IsEnd)
                continue;

            _endOf[_steps[i].Operation] = i;
            _owed++;
        }
    }

    /// <summary>What could not be placed, in words, once <see cref="Run"/> has said no.</summary>
    public string Trouble { get; private set; } = "";

    /// <returns>Null where it was not decided within the allowed steps.</returns>
    public bool? Run()
    {
        var placed = new ulong[(_operations.Count + 63) / 64];
        var choices = new Stack<(int Step, long Before)>();
        var fewest = int.MaxValue;
        var value = 0L;
        var at = _next[Head];
        for (var count = 0; _owed > 0; count++)
        {
            if (count > MaxSteps)
                return null;

            var step = _steps[at];
            if (!step.IsEnd && After(_operations[step.Operation], value) is { } after)
            {
                Flip(placed, step.Operation);
                if (_seen.Add(new Position([.. placed], after)))
                {
                    choices.Push((at, value));
                    value = after;
                    Unlink(at);
                    at = _next[Head];
                    continue;
                }

                Flip(placed, step.Operation);
            }

            if (!step.IsEnd)
            {
                at = _next[at];
                continue;
            }

            // This operation ended here, so it had to be placed before: the last choice was wrong.
            if (_owed < fewest)
                (fewest, Trouble) = (_owed, $"{_operations[step.Operation]} where the register held {value}");
            if (!choices.TryPop(out var choice))
                return false;

            value = choice.Before;
            Flip(placed, _steps[choice.Step].Operation);
            Relink(choice.Step);
            at = _next[choice.Step];
        }

        return true;
    }

    private static IEnumerable<(int Began, int? Ended)> Pairs(HistoryEvent[] events)
    {
        var open = new Dictionary<int, int>();
        for (var i = 0; i < events.Length; i++)
        {
            if (events[i].Kind == HistoryKind.Invoke)
                open.Add(events[i].Process, i);
            else if (open.Remove(events[i].Process, out var began))
                yield return (began, i);
            else
                throw new ArgumentException($"Process {events[i].Process} ended what it had not begun.");
        }

        foreach (var began in open.Values)
            yield return (began, null);
    }

    /// <summary>
    /// Of unknown writes only those count whose value somebody saw; null: all do, since a mismatch says of a value only
    /// that it was another one.
    /// </summary>
    private static HashSet<long>? NeededOpenValues(HistoryEvent[] events)
    {
        var seen = new HashSet<long>();
        foreach (var line in events)
        {
            if (line.Kind == HistoryKind.Mismatch)
                return null;
            if (line.Operation == HistoryOperation.Read && line.Kind == HistoryKind.Ok)
                seen.Add(line.Value);
            if (line.Operation == HistoryOperation.CompareAndSet)
                seen.Add(line.Expected);
        }

        return seen;
    }

    private static bool Matters(in HistoryEvent operation, HashSet<long>? needed) => operation switch
    {
        { Kind: HistoryKind.Fail } => false,
        { Kind: HistoryKind.Info, Operation: HistoryOperation.Read } => false,
        { Kind: HistoryKind.Info } => needed is null || needed.Contains(operation.Value),
        _ => true,
    };

    /// <summary>What the register holds after the operation; null where it cannot happen at this value.</summary>
    private static long? After(in HistoryEvent operation, long value) => operation switch
    {
        { Operation: HistoryOperation.Write } => operation.Value,
        { Operation: HistoryOperation.Read } => operation.Value == value ? value : null,
        { Kind: HistoryKind.Mismatch } => operation.Expected != value ? value : null,
        _ => operation.Expected == value ? operation.Value : null,
    };

    private static void Flip(ulong[] placed, int operation) => placed[operation / 64] ^= 1UL << (operation % 64);

    private void Unlink(int began)
    {
        UnlinkOne(began);
        if (_endOf[_steps[began].Operation] is var end and not Head)
        {
            UnlinkOne(end);
            _owed--;
        }
    }

    // In the reverse order, so that each finds its neighbours as it left them.
    private void Relink(int began)
    {
        if (_endOf[_steps[began].Operation] is var end and not Head)
        {
            RelinkOne(end);
            _owed++;
        }

        RelinkOne(began);
    }

    private void UnlinkOne(int step)
    {
        _next[_previous[step]] = _next[step];
        _previous[_next[step]] = _previous[step];
    }

    private void RelinkOne(int step) => _next[_previous[step]] = _previous[_next[step]] = step;

    private readonly record struct Step(int Operation, bool IsEnd);

    /// <summary>Which operations are placed, and what the register holds then.</summary>
    private readonly struct Position(ulong[] placed, long value) : IEquatable<Position>
    {
        private readonly ulong[] _placed = placed;
        private readonly long _value = value;

        public bool Equals(Position other) => _value == other._value && _placed.AsSpan().SequenceEqual(other._placed);

        public override bool Equals(object? obj) => obj is Position other && Equals(other);

        public override int GetHashCode()
        {
            var hash = (ulong)_value;
            foreach (var word in _placed)
                hash = (System.Numerics.BitOperations.RotateLeft(hash, 23) ^ word) * 0x9E3779B97F4A7C15UL;
            return (int)(hash >> 32);
        }
    }
}
