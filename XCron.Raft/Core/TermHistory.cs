namespace XCron.Raft.Core;

/// <summary>The term of every entry of the log, kept as runs of equal terms: few, however long the log is.</summary>
internal sealed class TermHistory
{
    // Invariant: Term rises strictly from run to run, First never falls. Only the first run may be empty, where all its
    // entries are forgotten; then the next one begins at the same index, and the search below finds the later of the
    // two.
    private readonly List<(LogIndex First, Term Term)> _runs = [];
    private LogIndex _base;
    private Term _baseTerm;

    /// <summary>Everything up to here is forgotten but for this one's term.</summary>
    public LogIndex Base => _base;

    public void Reset(LogIndex index, Term term)
    {
        _runs.Clear();
        (_base, _baseTerm) = (index, term);
    }

    public void Append(LogIndex index, Term term)
    {
        var last = _runs.Count > 0 ? _runs[^1].Term : _baseTerm;
        Invariant.Require(term >= last, "terms never fall along the log");
        if (_runs.Count == 0 || term > last)
            _runs.Add((index, term));
    }

    public void TruncateFrom(LogIndex index)
    {
        while (_runs.Count > 0 && _runs[^1].First >= index)
            _runs.RemoveAt(_runs.Count - 1);
    }

    public void Forget(LogIndex upTo)
    {
        _baseTerm = TermAt(upTo);
        _base = upTo;
        var stale = 0;
        while (stale < _runs.Count && _runs[stale].First <= upTo)
            stale++;
        if (stale == 0)
            return;

        // The run that reaches past the new base begins right behind it.
        var reaching = _runs[stale - 1];
        _runs.RemoveRange(0, stale);
        if (_runs.Count == 0 || _runs[0].First > upTo.Next)
            _runs.Insert(0, (upTo.Next, reaching.Term));
    }

    /// <param name="index">From <see cref="Base"/> to the last entry.</param>
    public Term TermAt(LogIndex index)
    {
        if (index == _base)
            return _baseTerm;

        Invariant.Require(index > _base, "the term of a forgotten entry is not asked for");
        return _runs[RunOf(index)].Term;
    }

    /// <summary>Where the run that holds this index begins.</summary>
    public LogIndex FirstOfRun(LogIndex index) => index == _base ? index : _runs[RunOf(index)].First;

    /// <summary>The last index, not after a limit, whose term is exactly this; null where there is none.</summary>
    public LogIndex? LastOf(Term term, LogIndex limit)
    {
        for (var i = _runs.Count - 1; i >= 0 && _runs[i].Term >= term; i--)
        {
            if (_runs[i].Term != term || _runs[i].First > limit)
                continue;

            var end = i + 1 < _runs.Count ? _runs[i + 1].First.Previous : limit;
            return LogIndex.Min(end, limit);
        }

        return _baseTerm == term && _base <= limit ? _base : null;
    }

    private int RunOf(LogIndex index)
    {
        var (low, high) = (0, _runs.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) / 2;
            if (_runs[middle].First <= index)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
