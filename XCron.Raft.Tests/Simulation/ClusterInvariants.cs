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
        if (!_appliedHashes.TryAdd(index, hash) && _appliedHashes[index] != hash)
            Assert.Fail($"state machine safety: {node.Id} has another state at index {index}");
    }

    public void Check(SimulatedNode node)
    {
        if (node.Process is not { } process)
            return;

        var core = process.Loop.Core;
        var isElected = core.Role.Kind == RaftRole.Leader && _leaders.TryAdd(core.Term, node.Id);
        if (core.Role.Kind == RaftRole.Leader && _leaders[core.Term] != node.Id)
            Assert.Fail($"election safety: {node.Id} and {_leaders[core.Term]} lead in term {core.Term}");

        var key = (node.Id, node.Lives);
        var seen = _seen.GetValueOrDefault(key);
        if (seen.Term == core.Term && seen.Last == core.Log.LastIndex && seen.Commit == core.Log.Commit)
            return;

        if (core.Term < seen.Term || core.Log.Commit < seen.Commit)
            Assert.Fail($"term and commit index of {node.Id} only rise: {seen} before, now {core.Term}");
        CheckLog(node, process, seen);
        if (isElected)
            CheckCompleteness(node, process);
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

            if (_previousTerms[(index, term)] != previous)
                Assert.Fail($"log matching: {node.Id} has another entry before {index} of term {term}");
            if (index < seen.Last)
                break;
        }

        // State machine safety: what is committed never changes.
        var uncheckedFrom = LogIndex.Max(seen.Commit.Next, core.Log.View.FirstIndex);
        for (var index = uncheckedFrom; index <= core.Log.Commit; index = index.Next)
        {
            var term = core.Log.View.TermAt(index);
            if (!_committedTerms.TryAdd(index, term) && _committedTerms[index] != term)
                Assert.Fail($"committed entry {index} of term {_committedTerms[index]} has {term} on {node.Id}");
        }
    }

    /// <summary>Leader completeness: whoever is elected has all that was committed in earlier terms.</summary>
    private void CheckCompleteness(SimulatedNode node, NodeAssembly process)
    {
        var core = process.Loop.Core;
        foreach (var (index, term) in _committedTerms)
        {
            if (term < core.Term && index >= core.Log.View.FirstIndex && !core.Log.View.Matches(index, term))
                Assert.Fail($"leader completeness: {node.Id}, leader of {core.Term}, misses entry {index} of {term}");
        }
    }

    private readonly record struct Seen(Term Term, LogIndex Last, LogIndex Commit);
}
