using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>All that the log and the target know of one task, in order.</summary>
internal sealed class TaskChronicle(TaskId id, int story)
{
    public TaskId Id => id;

    public int Story => story;

    public List<LogEvent> Log { get; } = [];

    public List<TargetCall> Calls { get; } = [];

    public LogEvent Created => Log[0];

    /// <summary>When it was deleted or swept; long.MaxValue where it was not.</summary>
    public long GoneMs => Log[^1].After is null ? Log[^1].AtMs : long.MaxValue;

    public TaskDefinition FirstDefinition { get; private set; } = new();

    /// <summary>Where the log granted an attempt.</summary>
    public Dictionary<(long Run, int Attempt), (LogEvent By, OpenRun Run)> Grants { get; } = [];

    public void Add(LogEvent happened)
    {
        if (Log.Count == 0)
            FirstDefinition = DefinitionOf(happened.After!);
        Log.Add(happened);
        foreach (var run in happened.Granted())
            Grants[(run.Sequence, run.Attempt)] = (happened, run);
    }

    public static TaskDefinition DefinitionOf(TaskRecord record) => TaskDefinitionCodec.Decode(record.Definition);
}
