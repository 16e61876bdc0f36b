using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Adds, promotes, removes, replaces and moves leadership at random, always at the node that seems to lead; and puts
/// another machine in the place of one whose disk is lost.
/// </summary>
internal sealed class SimulatedOperator(Random random, Coverage coverage, Func<Membership, SimulatedNode?> newNode)
{
    private const int MaxMembers = 6;
    private const int LeastVoters = 2;
    private const int MaxOpen = 50;

    private readonly List<Open<ChangeOutcome>> _changes = [];
    private readonly List<Open<TransferOutcome>> _transfers = [];

    public int Changed { get; private set; }

    public int Transferred { get; private set; }

    /// <summary>Something it began may yet change the members.</summary>
    public bool IsChanging => _changes.Count > 0;

    public void Act(SimulatedNode at)
    {
        if (at.Process is not { } process || _changes.Count + _transfers.Count > MaxOpen)
            return;

        var membership = process.Loop.Core.Membership;
        if (random.Next(4) == 0)
            Transfer(at, process, Any(membership.Members).Id);
        else if (Choose(membership) is { } edit)
            Change(at, process, edit);
    }

    /// <summary>
    /// The next step to a cluster without a member whose machine is gone: a new one learns, and takes its place. One
    /// thing at a time, and nothing else meanwhile: every other change would need the one that is gone.
    /// </summary>
    /// <param name="leader">Leads.</param>
    /// <param name="isGone">Whose machine is no more.</param>
    /// <param name="isFit">Who may come instead.</param>
    public void Mend(SimulatedNode leader, Func<NodeId, bool> isGone, Func<NodeId, bool> isFit)
    {
        var process = leader.Process!;
        var membership = process.Loop.Core.Membership;
        var gone = membership.Members.FirstOrDefault(member => isGone(member.Id));
        if (gone is null || IsChanging || !membership.Outgoing.IsEmpty)
            return;

        var successor = membership.Members.FirstOrDefault(
            member => member.Suffrage == Suffrage.Learner && isFit(member.Id));
        if (gone.Suffrage == Suffrage.Learner)
            Change(leader, process, new MemberEdit.Remove(gone.Id));
        else if (successor is not null)
            Change(leader, process, new MemberEdit.Replace(gone.Id, successor with { Suffrage = Suffrage.Voter }));
        else if (newNode(membership) is { } fresh)
            Change(leader, process, new MemberEdit.AddLearner(new Member(fresh.Id, "new:1")));
    }

    /// <summary>Collects what has ended since the last call.</summary>
    public void Collect()
    {
        foreach (var change in _changes.Where(static open => open.Done.IsCompleted))
            Changed += new ValueTask<ChangeOutcome>(change.Done).Result is ChangeOutcome.Changed ? 1 : 0;
        foreach (var transfer in _transfers.Where(static open => open.Done.IsCompleted))
        {
            var isDone = new ValueTask<TransferOutcome>(transfer.Done).Result is TransferOutcome.Transferred;
            Transferred += isDone ? 1 : 0;
            coverage.Reached(isDone ? RareEvent.TransferDone : RareEvent.TransferFailed);
        }

        _changes.RemoveAll(static open => open.IsOver);
        _transfers.RemoveAll(static open => open.IsOver);
    }

    private void Change(SimulatedNode node, NodeAssembly process, MemberEdit edit)
    {
        var done = new TaskCompletionSource<ChangeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var expected = random.Next(3) == 0 ? process.Loop.Core.Log.MembershipIndex : (LogIndex?)null;
        if (process.Loop.TryPost(new NodeInput.ChangeMembers(edit, expected, done)))
            _changes.Add(new Open<ChangeOutcome>(done.Task, node, node.Lives));
    }

    private void Transfer(SimulatedNode node, NodeAssembly process, NodeId target)
    {
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var to = random.Next(3) == 0 ? NodeId.None : target;
        if (process.Loop.TryPost(new NodeInput.TransferLeadership(to, done)))
            _transfers.Add(new Open<TransferOutcome>(done.Task, node, node.Lives));
    }

    private MemberEdit? Choose(Membership current)
    {
        Member[] learners = [.. current.Members.Where(member => member.Suffrage == Suffrage.Learner)];
        Member[] voters = [.. current.Members.Where(member => member.Suffrage == Suffrage.Voter)];
        return random.Next(6) switch
        {
            0 when current.Members.Length < MaxMembers && newNode(current) is { } node =>
                new MemberEdit.AddLearner(new Member(node.Id, "new:1")),
            1 or 2 when learners.Length > 0 => new MemberEdit.Promote(Any(learners).Id),
            3 when voters.Length > LeastVoters => new MemberEdit.Remove(Any(current.Members).Id),
            4 when learners.Length > 0 =>
                new MemberEdit.Replace(Any(voters).Id, Any(learners) with { Suffrage = Suffrage.Voter }),
            5 => Reshuffle(current),
            _ => null,
        };
    }

    private MemberEdit.Become? Reshuffle(Membership current)
    {
        var wanted = new List<Member>();
        foreach (var member in current.Members.Where(member => member.Suffrage != Suffrage.Leaving))
        {
            switch (random.Next(6))
            {
                case 0:
                    break;
                case 1:
                    wanted.Add(member with { Suffrage = Suffrage.Learner });
                    break;
                case < 4:
                    wanted.Add(member with { Suffrage = Suffrage.Voter });
                    break;
                default:
                    wanted.Add(member);
                    break;
            }
        }

        return wanted.Count(member => member.Suffrage == Suffrage.Voter) < LeastVoters
            ? null
            : new MemberEdit.Become(new Membership(current.ClusterId, wanted));
    }

    private Member Any(IReadOnlyList<Member> members) => members[random.Next(members.Count)];

    private sealed record Open<T>(Task<T> Done, SimulatedNode Node, int Life)
    {
        /// <summary>With the process goes whoever would have told.</summary>
        public bool IsOver => Done.IsCompleted || !Node.IsInLife(Life);
    }
}
