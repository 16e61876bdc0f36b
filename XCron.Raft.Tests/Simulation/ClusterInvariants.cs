using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>What must hold after every step, whatever was lost, cut or crashed (Raft figure 3).</summary>
internal sealed class ClusterInvariants
{
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly Dictionary<LogIndex, ulong> _appliedHashes = [];
    private readonly Dictionary<LogIndex, Term> _committedTerms = [];
    private readonly Dictionary<(LogIndex, Term), Term> _previousTerms = [];
    private readonly Dictionary<(NodeId, int Life), Seen> _seen = [];

    public int Elections => _leaders.Count;

    /// <summary>State machine safety: every node has the same state at the same index.</summary>
    public void Applied(SimulatedNode node, LogIndex index, ulong hash)
    {
        if (_appliedHashes.TryAdd(index, hash))
            return;

        Assert.That(hash, Is.EqualTo(_appliedHashes[index]), $"state at index {index} on {node.Id}");
    }

    public void Check(SimulatedNode node)
    {
        if (node.Process is not { } process)
            return;

        var core = process.Loop.Core;
        if (core.Role.Kind == RaftRole.Leader && !_leaders.TryAdd(core.Term, node.Id))
            Assert.That(_leaders[core.Term], Is.EqualTo(node.Id), $"election safety: one leader in term {core.Term}");

        var key = (node.Id, node.Lives);
        var seen = _seen.GetValueOrDefault(key);
        if (seen.Term == core.Term && seen.Last == core.Log.LastIndex && seen.Commit == core.Log.Commit)
            return;

        Assert.That(core.Term, Is.GreaterThanOrEqualTo(seen.Term), $"the term of {node.Id} only rises");
        Assert.That(core.Log.Commit, Is.GreaterThanOrEqualTo(seen.Commit), $"the commit index of {node.Id} only rises");
        CheckLog(node, process, seen);
        _seen[key] = new Seen(core.Term, core.Log.LastIndex, core.Log.Commit);
    }

    private void CheckLog(SimulatedNode node, NodeAssembly process, Seen seen)
    {
        var core = process.Loop.Core;

        // Log matching: an index and a term name one entry, whose predecessor is one too; so by induction the prefixes.
        var first = core.Log.View.FirstIndex.Next;
        for (var index = core.Log.LastIndex; index >= first; index = index.Previous)
        {
            var term = core.Log.View.TermAt(index);
            var previous = core.Log.View.TermAt(index.Previous);
            if (_previousTerms.TryAdd((index, term), previous))
                continue;

            Assert.That(_previousTerms[(index, term)], Is.EqualTo(previous), $"log matching at {index} on {node.Id}");
            if (index < seen.Last)
                break;
        }

        // Leader completeness and state machine safety: what is committed never changes.
        var uncheckedFrom = LogIndex.Max(seen.Commit.Next, core.Log.View.FirstIndex);
        for (var index = uncheckedFrom; index <= core.Log.Commit; index = index.Next)
        {
            var term = core.Log.View.TermAt(index);
            if (!_committedTerms.TryAdd(index, term))
                Assert.That(_committedTerms[index], Is.EqualTo(term), $"committed entry {index} on {node.Id}");
        }

        if (core.Role.Kind != RaftRole.Leader)
            return;

        foreach (var (index, term) in _committedTerms)
        {
            if (term < core.Term && index >= core.Log.View.FirstIndex)
                Assert.That(core.Log.View.Matches(index, term), $"leader {node.Id} of {core.Term} holds entry {index}");
        }
    }

    private readonly record struct Seen(Term Term, LogIndex Last, LogIndex Commit);
}
