using System.Security.Cryptography;
using XCron.Daemon.Commands;
using XCron.Proto.Tasks;
using XCron.Raft;

namespace XCron.Daemon.State;

/// <summary>
/// The tasks: a pure function of the log. No clock, zone, culture or chance is read here; what a command needs of them
/// stands in it. Equal logs give equal snapshots, byte for byte.
/// <para>
/// <see cref="IStateMachine"/>'s methods are the node's to call, one at a time. <see cref="ITaskReader"/>'s and
/// <see cref="Observe"/> may be called from any thread.
/// </para>
/// </summary>
internal sealed class SchedulerState : IStateMachine, ITaskReader
{
    private static readonly StrictParser<TaskCommand> CommandParser = new(TaskCommand.Parser);

    private readonly StateObservers _observers = new();

    // Volatile: replaced whole by a restore on the applier's thread while readers on others hold the old one.
    private volatile StateTables _tables;

    public SchedulerState() => _tables = new StateTables(_observers);

    public Ownership Ownership => _tables.Owners.Current;

    public StateCounters Counters => _tables.Counters.Read();

    /// <summary>
    /// Adds an observer, which hears every change from then on, on the applier's thread. Nothing is lost to one who
    /// observes first and reads the state afterwards: a change that it was not told of is in what it reads. What it
    /// hears may be older than what it has read; the record's revision says so. Observe before the own session makes
    /// its first claim: a grant, unlike a change, cannot be read later.
    /// </summary>
    public void Observe(IStateObserver observer) => _observers.Add(observer);

    public void Apply(ReadOnlySpan<LogEntry> batch, Span<ApplyResult> results)
    {
        var tables = _tables;
        for (var i = 0; i < batch.Length; i++)
        {
            try
            {
                results[i] = Apply(tables, batch[i].Payload.Span);
            }
            catch (InvalidDataException exception)
            {
                throw new InvalidDataException(
                    $"The command at {batch[i].Index} of the log cannot be applied. {exception.Message}", exception);
            }
        }
    }

    public ISnapshotView Capture() => new SnapshotView(_tables);

    public async ValueTask RestoreAsync(Stream snapshot, CancellationToken cancellationToken)
    {
        var tables = await SnapshotLoader.LoadAsync(snapshot, _observers, cancellationToken);
        _observers.StateReplacing();
        _tables = tables;
        _observers.StateReplaced();
    }

    /// <summary>
    /// The SHA-256 of the snapshot's bytes, in hex: equal on nodes that have applied the same log. To be called in the
    /// applier's order, as <see cref="Capture"/>; costs as much as writing a snapshot does.
    /// </summary>
    public string StateHash()
    {
        using var view = new SnapshotView(_tables);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var chunk in view.Chunks())
            hash.AppendData(chunk.Span);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    public TaskRecord? Find(TaskId id) => _tables.Tasks.Find(id);

    public TaskRecord? FindByName(string name)
    {
        // It may have been deleted or renamed between the two looks.
        var tables = _tables;
        var record = tables.Names.Find(name) is { } id ? tables.Tasks.Find(id) : null;
        return record is not null && DefinitionHead.NameOf(record.Definition) == name ? record : null;
    }

    public OwnerSession OwnerOf(ShardId shard) => _tables.Owners.Current.Of(shard);

    public IReadOnlyList<TaskRecord> TasksOf(ShardId shard) => _tables.Tasks.RecordsOf(shard);

    public FrozenView Freeze() => new(_tables.Tasks);

    public int IdsAfter(TaskId after, Span<TaskId> ids) => _tables.Ids.CopyAfter(after, ids);

    private static ApplyResult Apply(StateTables tables, ReadOnlySpan<byte> payload)
    {
        if (CreateCommand.Is(payload))
            return CreateTasksHandler.Apply(tables, new CreateCommand(payload));

        var command = CommandParser.Parse(payload);
        return command.KindCase switch
        {
            TaskCommand.KindOneofCase.Delete => DeleteTaskHandler.Apply(tables, command.Delete),
            TaskCommand.KindOneofCase.Claim => ClaimHandler.Apply(tables, command.Claim),
            TaskCommand.KindOneofCase.Finish => FinishHandler.Apply(tables, command.Finish),
            TaskCommand.KindOneofCase.Assign => AssignHandler.Apply(tables, command.Assign),
            TaskCommand.KindOneofCase.Pause => PauseHandler.Apply(tables, command.Pause),
            TaskCommand.KindOneofCase.Resume => PauseHandler.Apply(tables, command.Resume),
            TaskCommand.KindOneofCase.Run => RunTaskHandler.Apply(tables, command.Run),
            TaskCommand.KindOneofCase.Update => UpdateTaskHandler.Apply(tables, command.Update),
            TaskCommand.KindOneofCase.Import => ImportHandler.Apply(tables, command.Import),

            // A command of a newer version must stop this node: if it went on without it, its state would differ from
            // the others' from here on, and its next snapshot would spread the difference.
            _ => throw new InvalidDataException("It is of a kind that this version does not know."),
        };
    }
}
