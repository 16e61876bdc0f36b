using XCron.Raft.Core;
using XCron.Raft.Runtime;

namespace XCron.Raft.Tests.Simulation;

/// <summary>
/// Adds, promotes, removes, replaces and moves leadership at random, always at the node that seems to lead.
/// </summary>
internal sealed class SimulatedOperator(Random random, Func<Membership, SimulatedNode?> newNode)
{
    private const int MaxMembers = 6;
    private const int LeastVoters = 2;
    private const int MaxOpen = 50;

    private readonly List<Task<ChangeOutcome>> _changes = [];
    private readonly List<Task<TransferOutcome>> _transfers = [];

    public int Changed { get; private set; }

    public int Transferred { get; private set; }

    public void Act(SimulatedNode at)
    {
        if (at.Process is not { } process || _changes.Count + _transfers.Count > MaxOpen)
            return;

        var membership = process.Loop.Core.Membership;
        if (random.Next(4) == 0)
            Transfer(process, Any(membership.Members).Id);
        else if (Choose(membership) is { } edit)
            Change(process, edit);
    }

    /// <summary>Collects what has ended since the last call.</summary>
    public void Collect()
    {
        foreach (var change in _changes.Where(task => task.IsCompleted))
            Changed += new ValueTask<ChangeOutcome>(change).Result is ChangeOutcome.Changed ? 1 : 0;
        foreach (var transfer in _transfers.Where(task => task.IsCompleted))
            Transferred += new ValueTask<TransferOutcome>(transfer).Result is TransferOutcome.Transferred ? 1 : 0;
        _changes.RemoveAll(static task => task.IsCompleted);
        _transfers.RemoveAll(static task => task.IsCompleted);
    }

    private void Change(NodeAssembly process, MemberEdit edit)
    {
        var done = new TaskCompletionSource<ChangeOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var expected = random.Next(3) == 0 ? process.Loop.Core.Log.MembershipIndex : (LogIndex?)null;
        if (process.Loop.TryPost(new NodeInput.ChangeMembers(edit, expected, done)))
            _changes.Add(done.Task);
    }

    private void Transfer(NodeAssembly process, NodeId target)
    {
        var done = new TaskCompletionSource<TransferOutcome>(TaskCreationOptions.RunContinuationsAsynchronously);
        var to = random.Next(3) == 0 ? NodeId.None : target;
        if (process.Loop.TryPost(new NodeInput.TransferLeadership(to, done)))
            _transfers.Add(done.Task);
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
}
