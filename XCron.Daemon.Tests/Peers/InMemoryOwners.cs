using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Peers;

/// <summary>The table of owners and nothing else, with the rule by which assignments are applied to it.</summary>
internal sealed class InMemoryOwners : ITaskReader
{
    public const long Stale = 1;

    private readonly OwnerSession[] _owners = new OwnerSession[ShardId.Count];

    public Ownership Ownership { get; private set; } = Ownership.Nobody;

    public StateCounters Counters { get; } = new();

    /// <summary>How many shards have gone from one node to another, or from nobody to one.</summary>
    public int Moves { get; private set; }

    public OwnerSession OwnerOf(ShardId shard) => _owners[shard.Value];

    public Dictionary<OwnerSession, int> Counts() => _owners.CountBy(owner => owner).ToDictionary();

    public ProposeOutcome Apply(ReadOnlyMemory<byte> command)
    {
        var assign = TaskCommand.Parser.ParseFrom(command.Span).Assign;
        if (assign.ExpectedEpoch != Ownership.Epoch)
            return Applied(Stale);

        foreach (var assignment in assign.Assignments)
        {
            var owner = new OwnerSession(new NodeId(assignment.Session.NodeId), assignment.Session.Incarnation);
            foreach (var shard in assignment.Shards)
            {
                Moves += _owners[shard].Node == owner.Node ? 0 : 1;
                _owners[shard] = owner;
            }
        }

        var ending = assign.Ending.Select(SessionMessage.Read).Except(_owners);
        Ownership = new Ownership(Ownership.Epoch + 1, [.. _owners], [.. ending]);
        return Applied(0);
    }

    public TaskRecord? Find(TaskId id) => null;

    public TaskRecord? FindByName(string name) => null;

    public IReadOnlyList<TaskRecord> TasksOf(ShardId shard) => [];

    public FrozenView Freeze() => new(new TaskTable());

    public int IdsAfter(TaskId after, Span<TaskId> ids) => 0;

    private ProposeOutcome.Applied Applied(long code) => new(new LogIndex(Ownership.Epoch), new Term(1), new(code));
}
