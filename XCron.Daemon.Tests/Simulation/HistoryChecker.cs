using System.Globalization;
using XCron.Daemon.Commands;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// Judges a history by the promises of the contract (after Jepsen's checker for Chronos): every due time is matched by
/// one run, none missing, none extra, none early, none after a delete or a recorded success, and whatever a client was
/// told is true.
/// </summary>
internal sealed class HistoryChecker
{
    private readonly History _history;
    private readonly SimulatedTimeouts _timeouts;
    private readonly ExpectedTimes _expected;
    private readonly Dictionary<TaskId, TaskChronicle> _chronicles = [];
    private readonly List<string> _wrongs = [];

    public HistoryChecker(History history, SimulationPlan plan, SimulatedTimeouts timeouts)
    {
        (_history, _timeouts) = (history, timeouts);
        var slackMs = plan.IsLong ? 2 * 86_400_000L : 2 * 3_600_000L;
        _expected = new ExpectedTimes(history.StartMs - slackMs, history.EndMs + slackMs);
    }

    public SimulationReport Judge()
    {
        Gather();
        var quiet = Quiet();
        var calls = new CallChecks(quiet, _timeouts, _history, Wrong);
        var dues = new DueChecks(quiet, _timeouts, _expected, _history, Wrong);
        foreach (var chronicle in _chronicles.Values)
        {
            calls.Check(chronicle);
            dues.Check(chronicle);
        }

        new ClientChecks(_history.Operations, [.. _chronicles.Values], Wrong).Check();
        return new SimulationReport
        {
            Wrongs = _wrongs,
            Due = dues.Due,
            Sent = _history.Calls.Count,
            Lost = dues.Lost,
            Early = calls.Early,
            Doubled = calls.Doubled,
            AfterDelete = calls.AfterDelete,
            Operations = _history.Operations.Count,
            InDoubt = _history.Operations.Count(static operation => operation.IsInDoubt),
            Calls = _history.Operations.GroupBy(static operation => (operation.Via ?? operation.Call).Split('?')[0])
                .ToDictionary(static calls => calls.Key, static calls => calls.Count()),
            Lateness = dues.Lateness,
        };
    }

    private void Gather()
    {
        foreach (var happened in _history.Log)
        {
            if (!_chronicles.TryGetValue(happened.Task, out var chronicle))
                _chronicles.Add(happened.Task, chronicle = new TaskChronicle(happened.Task, StoryOf(happened)));
            chronicle.Add(happened);
        }

        foreach (var call in _history.Calls)
        {
            if (_chronicles.TryGetValue(call.Task, out var chronicle))
                chronicle.Calls.Add(call);
            else
                Wrong($"a task that no log knows was sent: {call}");
        }
    }

    /// <summary>Every fault takes its time, and some until all is as before.</summary>
    private FreeTimes Quiet()
    {
        var quiet = new FreeTimes();
        quiet.Take(_history.StartMs - 1, _history.StartMs + _timeouts.RecoveryMs);
        foreach (var trouble in _history.Troubles)
            quiet.Take(trouble.FromMs - 1, trouble.ToMs + _timeouts.RecoveryMs);
        return quiet;
    }

    private void Wrong(string what) => _wrongs.Add(what);

    private static int StoryOf(LogEvent created)
    {
        var url = TaskChronicle.DefinitionOf(created.After!).Url;
        return int.Parse(url.Split('/')[^1], CultureInfo.InvariantCulture);
    }
}
