using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.Tests.Api;

/// <summary>A state that creates and deletes as the real one does, and that a test may fill by hand.</summary>
internal sealed class InMemoryTasks : ITaskReader
{
    private readonly Dictionary<TaskId, TaskRecord> _tasks = [];

    public OwnerSession Owner { get; set; } = new(new NodeId(1), 7);

    public Ownership Ownership => new(1, [.. Enumerable.Repeat(Owner, ShardId.Count)], []);

    public StateCounters Counters { get; set; } = new();

    public int Count => _tasks.Count;

    public TaskRecord? Find(TaskId id) => _tasks.GetValueOrDefault(id);

    public TaskRecord? FindByName(string name) =>
        _tasks.Values.FirstOrDefault(task => TaskDefinition.Parser.ParseFrom(task.Definition).Name == name);

    public OwnerSession OwnerOf(ShardId shard) => Owner;

    public IReadOnlyList<TaskRecord> TasksOf(ShardId shard) => [.. _tasks.Values.Where(t => ShardId.Of(t.Id) == shard)];

    public FrozenView Freeze()
    {
        var table = new TaskTable();
        foreach (var task in _tasks.Values)
            table.Put(task);
        return new FrozenView(table);
    }

    public int IdsAfter(TaskId after, Span<TaskId> ids)
    {
        TaskId[] following = [.. _tasks.Keys.Where(id => id.CompareTo(after) > 0).Order().Take(ids.Length)];
        following.CopyTo(ids);
        return following.Length;
    }

    public void Put(TaskRecord record) => _tasks[record.Id] = record;

    public ApplyResult Apply(byte[] encoded)
    {
        var command = TaskCommand.Parser.ParseFrom(encoded);
        return command.Delete is not null ? Delete(command.Delete) : Create(command.Create);
    }

    private ApplyResult Create(CreateTasks create)
    {
        var results = new CreateTasksResult();
        foreach (var task in create.Tasks)
            results.Results.Add(Create(task, create.Proposer));
        return new ApplyResult(0, results.ToByteArray());
    }

    private CreateTaskResult Create(CreateTask task, ulong proposer)
    {
        if (Find(new TaskId(task.TaskId)) is { } sameId && sameId.CreatedBy != proposer)
            return new CreateTaskResult { Code = ResultCode.IdTaken, TaskId = task.TaskId };
        var name = TaskDefinition.Parser.ParseFrom(task.Definition).Name;
        if (name.Length > 0 && FindByName(name) is { } existing)
        {
            var isSame = task.Definition.Span.SequenceEqual(existing.Definition);
            return new CreateTaskResult { Code = isSame ? 0 : 1040, TaskId = existing.Id.Value, Existing = isSame };
        }

        Put(new TaskRecord
        {
            Id = new TaskId(task.TaskId),
            CreateTimeMs = task.CreateTimeMs,
            CreatedBy = proposer,
            Definition = task.Definition.ToByteArray(),
            Revision = 1,
            Phase = TaskPhase.Scheduled,
            NextDueMs = task.FirstDueMs,
        });
        return new CreateTaskResult { TaskId = task.TaskId };
    }

    private ApplyResult Delete(DeleteTask delete)
    {
        var record = delete.TaskId != 0 ? Find(new TaskId(delete.TaskId)) : FindByName(delete.Name);
        if (record is null)
            return new ApplyResult(1030, new DeleteTaskResult { TaskId = delete.TaskId }.ToByteArray());
        _tasks.Remove(record.Id);
        var callers = record.Runs?.Callers() ?? [];
        return new ApplyResult(0, new DeleteAnswer(record.Id, callers.Length > 0) { Callers = callers }.Encode());
    }
}
