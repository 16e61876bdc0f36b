using System.Globalization;
using System.Net;
using XCron.Daemon.Commands;
using XCron.Daemon.Firing;
using XCron.Daemon.State;
using XCron.Daemon.Tests.Firing;

namespace XCron.Daemon.Tests.Simulation;

/// <summary>
/// faults.md 14: one target is down for an hour with 10,000 runs due. Whether it refuses or swallows every call, the
/// others are served as if it were not there, nothing piles up, and each run ends as its options say.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class DownTargetTests : IDisposable
{
    private const int Patient = 8000;
    private const int Brief = 1000;
    private const int Dated = 1000;
    private const int Due = Patient + Brief + Dated;
    private const int Others = 40;
    private const int AnswerMs = 5;
    private const int MinBackoffMs = 600_000;
    private const int MaxBackoffMs = 1_800_000;
    private const int DeadlineMs = 600_000;

    private readonly FiringOptions _options = new();
    private readonly VirtualFiring _firing;
    private readonly long _dueMs;
    private readonly long _backMs;
    private readonly Dictionary<string, List<Call>> _calls = [];
    private readonly List<long> _latenessMs = [];
    private readonly List<(string What, int Count)> _most = [("", 0), ("", 0), ("", 0), ("", 0)];
    private bool _isSilent;
    private int _downInFlight;
    private int _mostDownInFlight;

    public DownTargetTests()
    {
        _firing = new VirtualFiring(_options, AnswerAsync);
        _dueMs = _firing.NowMs + 30_000;
        _backMs = _dueMs + 3_600_000;
        for (var other = 0; other < Others; other++)
        {
            var first = (_firing.NowMs / 60_000 * 60_000) + 60_000;
            var url = $"http://other{other % 4}.test/";
            _firing.Log.Create(100_000 + other, first, Definitions.Periodic("* * * * *", url: url));
        }
    }

    public void Dispose() => _firing.Dispose();

    [TestCase(false)]
    [TestCase(true)]
    public void A_target_that_refuses_or_is_silent_for_an_hour_delays_no_other_and_gets_what_waits(bool isSilent)
    {
        _isSilent = isSilent;
        CreateDue();

        for (var minute = 0; minute < 100; minute++)
        {
            _firing.GoOn(TimeSpan.FromMinutes(1));
            Measure();
        }

        using (Assert.EnterMultipleScope())
        {
            CheckOthers();
            CheckBounds();
            CheckWaits();
            CheckEnds();
        }
    }

    private void CreateDue()
    {
        for (var id = 1; id <= Due; id++)
        {
            var definition = Definitions.OneShot("http://down.test/");
            definition.MinBackoffMs = MinBackoffMs;
            definition.MaxBackoffMs = MaxBackoffMs;
            definition.MaxAttempts = id <= Patient ? 100 : id <= Patient + Brief ? 2 : 100;
            definition.DeadlineMs = id > Patient + Brief ? DeadlineMs : 0;
            _firing.Log.Create(id, _dueMs, definition);
        }
    }

    /// <summary>The others' calls go out in the millisecond that they are due.</summary>
    private void CheckOthers()
    {
        Assert.That(_latenessMs, Has.Count.EqualTo(Others * 99), "calls to others");
        Assert.That(_latenessMs.Max(), Is.Zero, "the most by which one of them was late, in ms");
    }

    private void CheckBounds()
    {
        foreach (var ((what, count), limit) in _most.Zip(
            (int[])[Due, _options.MaxConcurrent, _options.MaxResultsWaiting, Due + Others]))
        {
            Assert.That(count, Is.AtMost(limit), what);
        }

        Assert.That(_mostDownInFlight, Is.EqualTo(_options.MaxPerHost), "places that the target held");
        Assert.That(_firing.Waiting, Is.Zero, "attempts that wait at the end");
    }

    /// <summary>Each wait is at least the doubled one less a fifth, and counts from the failure.</summary>
    private void CheckWaits()
    {
        var tooSoon = 0;
        var attempts = 0;
        foreach (var calls in _calls.Values)
        {
            for (var attempt = 1; attempt < calls.Count; attempt++)
            {
                var wait = Math.Min((long)MinBackoffMs << (attempt - 1), MaxBackoffMs);
                tooSoon += calls[attempt].StartMs - calls[attempt - 1].EndMs < wait * 4 / 5 ? 1 : 0;
                attempts++;
            }

            Assert.That(calls.Select(call => call.Attempt), Is.EqualTo(Enumerable.Range(1, calls.Count)));
        }

        Assert.That(tooSoon, Is.Zero, "retries before their wait was over");
        Assert.That(attempts, Is.Positive);
    }

    private void CheckEnds()
    {
        var records = Enumerable.Range(1, Due).Select(id => _firing.Log.Tasks.Find(new TaskId(id))!).ToArray();
        var patient = records[..Patient];
        Assert.That(patient.Count(static record => record.Phase == TaskPhase.Completed), Is.EqualTo(Patient));
        Assert.That(patient.Count(record => CallsOf(record)[^1].EndMs >= _backMs), Is.EqualTo(Patient));
        var isLate = patient.Count(record => CallsOf(record)[^1].StartMs > _backMs + (MaxBackoffMs * 6 / 5) + 60_000);
        Assert.That(isLate, Is.Zero, "runs sent later than the longest wait after the target was back");
        CheckBrief(records[Patient..(Patient + Brief)]);
        CheckDated(records[(Patient + Brief)..]);
        Assert.That(records.All(static record => record.Runs is null), "no run is left open");
        var counters = ((SchedulerState)_firing.Log.Tasks).Counters;
        Assert.That(counters.RunsFailed, Is.EqualTo(records.Count(static record => record.Phase == TaskPhase.Failed)));
    }

    /// <summary>Two attempts are soon over: the run has failed, unless its turn came that late.</summary>
    private void CheckBrief(TaskRecord[] brief)
    {
        foreach (var record in brief)
        {
            var calls = CallsOf(record);
            Assert.That(calls, Has.Count.AtMost(2));
            var isFailed = calls.All(call => call.EndMs < _backMs);
            Assert.That(record.Phase, Is.EqualTo(isFailed ? TaskPhase.Failed : TaskPhase.Completed));
        }

        if (!_isSilent)
            Assert.That(brief.Count(static record => record.Phase == TaskPhase.Failed), Is.EqualTo(Brief));
    }

    /// <summary>What could not start before its deadline is skipped and recorded so; what could is retried.</summary>
    private void CheckDated(TaskRecord[] dated)
    {
        foreach (var record in dated)
        {
            var calls = CallsOf(record);
            Assert.That(record.Phase, Is.EqualTo(calls.Count > 0 ? TaskPhase.Completed : TaskPhase.Expired));
            if (calls.Count > 0)
                Assert.That(calls[0].StartMs, Is.AtMost(_dueMs + DeadlineMs));
            else
                Assert.That(record.LastRun!.Status, Is.EqualTo(RunStatus.Skipped));
        }

        var started = dated.Count(record => CallsOf(record).Count > 0);
        Assert.That(started, _isSilent ? Is.LessThan(Dated) : Is.EqualTo(Dated));
    }

    private List<Call> CallsOf(TaskRecord record) => _calls.GetValueOrDefault($"{record.Id}-1") ?? [];

    private void Measure()
    {
        (string, int)[] now =
        [
            ("attempts that wait for a place", _firing.Waiting), ("attempts on their way", _firing.InFlight),
            ("results that wait", _firing.ResultsWaiting), ("armed", _firing.Armed),
        ];
        for (var figure = 0; figure < now.Length; figure++)
            _most[figure] = now[figure].Item2 >= _most[figure].Count ? now[figure] : _most[figure];
    }

    private Task<HttpResponseMessage> AnswerAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var answered = new TaskCompletionSource<HttpResponseMessage>();
        if (request.RequestUri!.Host != "down.test")
        {
            var scheduled = decimal.Parse(Header(request, "X-Xcron-Scheduled-Time"), CultureInfo.InvariantCulture);
            _latenessMs.Add(_firing.NowMs - (long)(scheduled * 1000));
            _firing.Agenda.After(AnswerMs, () => answered.TrySetResult(new HttpResponseMessage(HttpStatusCode.OK)));
            return answered.Task;
        }

        var attempt = int.Parse(Header(request, "X-Xcron-Attempt"), CultureInfo.InvariantCulture);
        var call = new Call(attempt, _firing.NowMs);
        var run = Header(request, "X-Xcron-Run-Id");
        if (!_calls.TryGetValue(run, out var calls))
            _calls.Add(run, calls = []);
        calls.Add(call);
        _mostDownInFlight = Math.Max(_mostDownInFlight, ++_downInFlight);
        if (_firing.NowMs >= _backMs)
            _firing.Agenda.After(AnswerMs, () => End(call, () => answered.SetResult(new HttpResponseMessage())));
        else if (!_isSilent)
            _firing.Agenda.After(1, () => End(call, () => answered.SetException(Refused())));
        else
            cancellationToken.UnsafeRegister((_, token) => End(call, () => answered.SetCanceled(token)), null);
        return answered.Task;
    }

    private void End(Call call, Action answer)
    {
        _downInFlight--;
        call.EndMs = _firing.NowMs;
        answer();
    }

    private static HttpRequestException Refused() => new("connection refused");

    private static string Header(HttpRequestMessage request, string name) => request.Headers.GetValues(name).Single();

    private sealed class Call(int attempt, long startMs)
    {
        public int Attempt => attempt;

        public long StartMs => startMs;

        public long EndMs { get; set; } = long.MaxValue;
    }
}
