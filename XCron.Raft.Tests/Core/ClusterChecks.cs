using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>What Raft promises (figure 3), and what this core promises about its disk, held after every step.</summary>
internal sealed class ClusterChecks(IReadOnlyList<CoreNode> nodes)
{
    private readonly Dictionary<Term, NodeId> _leaders = [];
    private readonly Dictionary<(Term Term, NodeId Voter), NodeId> _votes = [];
    private readonly Dictionary<(LogIndex Index, Term Term), (Term Previous, LogEntry? Entry)> _entries = [];
    private readonly List<Term> _committed = [default];
    private readonly Dictionary<int, Seen> _seen = [];

    /// <summary>The last index that any node ever knew to be committed.</summary>
    public LogIndex Committed => Make.At(_committed.Count - 1);

    public int TermsLed => _leaders.Count;

    /// <summary>Called for every message as it leaves.</summary>
    public void Leaving(CoreNode node, Message message)
    {
        // Figure 2: term, vote and log are updated on stable storage before responding.
        var speaksOfNext = message is Message.VoteRequest { PreVote: true } or Message.VoteResponse { PreVote: true };
        if (!speaksOfNext)
            Assert.That(node.Disk.HardState.Term, Is.GreaterThanOrEqualTo(message.Term), $"{message} and its term");
        switch (message)
        {
            case Message.VoteResponse { PreVote: false, Granted: true }:
                Vote(message.Term, node.Id, message.To);
                break;
            case Message.VoteRequest { PreVote: false }:
                Vote(message.Term, node.Id, node.Id);
                break;
            case Message.AppendResponse { Accepted: true } accepted when message.Term == node.Core.Term:
                var onDisk = LogIndex.Max(node.Disk.Last, node.Disk.Snapshot?.Index ?? LogIndex.Zero);
                Assert.That(onDisk, Is.GreaterThanOrEqualTo(accepted.Match), $"{message} and what is on disk");
                break;
        }
    }

    public void Check(CoreNode node)
    {
        if (!node.IsUp)
            return;

        var log = node.Core.Log;
        var seen = _seen.GetValueOrDefault(node.Number);
        if (seen is null || seen.Life != node.Lives)
            _seen[node.Number] = seen = new Seen(node.Lives);
        var state = (node.Kind, node.Core.Term, log.LastIndex, log.View.LastTerm, log.Commit, log.View.Base);
        if (seen.State == state)
            return;

        seen.State = state;
        Assert.That(node.Core.Term, Is.GreaterThanOrEqualTo(seen.Term), $"the term of {node.Number} only rises");
        Assert.That(log.Commit, Is.GreaterThanOrEqualTo(seen.Commit), $"the commit index of {node.Number} only rises");
        Assert.That(log.Applied, Is.LessThanOrEqualTo(log.Commit), "applied is committed");
        Assert.That(log.Commit, Is.LessThanOrEqualTo(log.LastIndex), "committed is held");
        CheckEntries(node, seen);
        CheckCommitted(node, seen);
        CheckLeader(node);
        seen.Term = node.Core.Term;
        seen.Commit = log.Commit;
    }

    /// <summary>All is quiet: logs, commit indexes and states must be equal.</summary>
    public static void CheckEqual(IReadOnlyList<CoreNode> nodes)
    {
        foreach (var node in nodes)
        {
            using (Assert.EnterMultipleScope())
            {
                Assert.That(node.Last, Is.EqualTo(nodes[0].Last), $"the last index of {node.Number}");
                Assert.That(node.Commit, Is.EqualTo(nodes[0].Commit), $"the commit index of {node.Number}");
                Assert.That(node.Core.Log.View.LastTerm, Is.EqualTo(nodes[0].Core.Log.View.LastTerm));
                Assert.That(node.Machine, Is.EqualTo(nodes[0].Machine).Using<LogEntry>(Make.IsSame), $"{node.Number}");
            }
        }
    }

    private void Vote(Term term, NodeId voter, NodeId candidate)
    {
        if (!_votes.TryAdd((term, voter), candidate))
            Assert.That(_votes[(term, voter)], Is.EqualTo(candidate), $"the vote of {voter} in term {term}");
    }

    private void CheckLeader(CoreNode node)
    {
        if (!node.IsLeader)
            return;

        if (!_leaders.TryAdd(node.Core.Term, node.Id))
        {
            Assert.That(_leaders[node.Core.Term], Is.EqualTo(node.Id), $"election safety in term {node.Term}");
            return;
        }

        // Leader completeness: it is checked when the leader is new; after that it only appends.
        Assert.That(node.Core.Log.LastIndex, Is.GreaterThanOrEqualTo(Committed), "leader completeness");
        var view = node.Core.Log.View;
        for (var index = view.Base; index <= Committed; index = index.Next)
            Assert.That(
                view.TermAt(index), Is.EqualTo(_committed[(int)index.Value]), $"leader completeness at {index}");
    }

    // Log matching: an index and a term name one entry and one predecessor; by induction, one log up to there.
    private void CheckEntries(CoreNode node, Seen seen)
    {
        var view = node.Core.Log.View;
        seen.Terms.RemoveRange(0, (int)Math.Min(seen.Terms.Count, Math.Max(0, view.Base - seen.Base)));
        seen.Base = view.Base;
        for (var index = view.LastIndex; index > view.Base; index = index.Previous)
        {
            var term = view.TermAt(index);
            var place = (int)(index - view.Base) - 1;
            if (place < seen.Terms.Count && seen.Terms[place] == term)
                break;

            var known = (Previous: view.TermAt(index.Previous), Entry: view.IsCached(index) ? view.Entry(index) : null);
            if (_entries.TryAdd((index, term), known))
                continue;

            var expected = _entries[(index, term)];
            Assert.That(known.Previous, Is.EqualTo(expected.Previous), $"log matching before {index} on {node.Number}");
            if (known.Entry is not null && expected.Entry is not null)
                Assert.That(Make.IsSame(known.Entry, expected.Entry), $"log matching at {index} on {node.Number}");
        }

        seen.Terms.Clear();
        for (var index = view.FirstIndex; index <= view.LastIndex; index = index.Next)
            seen.Terms.Add(view.TermAt(index));
    }

    private void CheckCommitted(CoreNode node, Seen seen)
    {
        var view = node.Core.Log.View;
        for (var index = LogIndex.Max(seen.Commit.Next, view.Base); index <= node.Core.Log.Commit; index = index.Next)
        {
            if (index > Committed)
            {
                Assert.That(index, Is.EqualTo(Committed.Next), "what is committed has no gaps");
                var isOnQuorum = IsOnMajority(node.Core.Membership, index, view.TermAt(index));
                Assert.That(isOnQuorum, $"entry {index} is committed and not on a quorum");
                _committed.Add(view.TermAt(index));
            }

            Assert.That(view.TermAt(index), Is.EqualTo(_committed[(int)index.Value]), $"committed entry {index}");
        }
    }

    private bool IsOnMajority(Membership membership, LogIndex index, Term term) => Quorum.IsMajority(
        membership,
        id =>
        {
            var disk = nodes[(int)id.Value - 1].Disk;
            return disk.Snapshot?.Index >= index || (disk.Last >= index && disk.TermAt(index) == term);
        });

    private sealed class Seen(int life)
    {
        public int Life => life;

        public (RaftRole, Term, LogIndex, Term, LogIndex, LogIndex) State { get; set; }

        public Term Term { get; set; }

        public LogIndex Commit { get; set; }

        public LogIndex Base { get; set; }

        public List<Term> Terms { get; } = [];
    }
}
