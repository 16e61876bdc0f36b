using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Firing;

/// <summary>The real state machine behind a log of one: what is applied is applied at once.</summary>
internal sealed class MemoryLog
{
    private readonly SchedulerState _state = new();
    private readonly List<LogEntry> _entries = [];

    public ITaskReader Tasks => _state;

    public LogIndex Applied => new(_entries.Count);

    public IReadOnlyList<LogEntry> Entries => _entries;

    public void Observe(IStateObserver observer) => _state.Observe(observer);

    public ProposeOutcome.Applied Apply(ReadOnlyMemory<byte> command)
    {
        var results = new ApplyResult[1];
        var entry = new LogEntry(new LogIndex(_entries.Count + 1), new Term(1), EntryKind.Command, command.ToArray());
        _entries.Add(entry);
        _state.Apply([entry], results);
        return new ProposeOutcome.Applied(entry.Index, entry.Term, results[0]);
    }

    public void Assign(OwnerSession owner, IEnumerable<int> shards) =>
        Apply(TaskCommands.EncodeAssign(_state.Ownership.Epoch, shards.Select(shard => (new ShardId(shard), owner))));

    public void AssignAll(OwnerSession owner) => Assign(owner, Enumerable.Range(0, ShardId.Count));

    public TaskId Create(long id, long firstDueMs, TaskDefinition definition, long createTimeMs = 1)
    {
        var command = new TaskCommand { Create = new CreateTasks { Proposer = 1 } };
        command.Create.Tasks.Add(new CreateTask
        {
            TaskId = id,
            CreateTimeMs = createTimeMs,
            FirstDueMs = firstDueMs,
            Definition = definition.ToByteString(),
        });
        Apply(command.ToByteArray());
        return new TaskId(id);
    }

    public void Delete(TaskId id) => Apply(TaskCommands.EncodeDelete(id));
}
