using System.Globalization;
using System.Net;
using Google.Protobuf;
using XCron.Daemon.Commands;
using XCron.Daemon.State;
using XCron.Proto.Tasks;

namespace XCron.Daemon.Tests.Firing;

/// <summary>
/// Two sessions on one log, each with a state of its own that lags behind; a target that fails at times; and a checker
/// that hears of every attempt. All chance is from the seed.
/// </summary>
internal sealed class FiringCircle
{
    private const long StartMs = 1_700_000_000_000;
    private const long GridMs = 5000;
    private const long OwnerTimeoutMs = 2000;
    private const int OneShots = 60;
    private const int Periodics = 12;

    private readonly int _seed;
    private readonly Random _random;
    private readonly ManualClock _clock = new(StartMs);
    private readonly MemoryLog _log = new();
    private readonly Side[] _sides;
    private readonly List<TaskId> _oneShots = [];
    private readonly List<TaskId> _periodics = [];
    private readonly List<string> _wrongs = [];
    private readonly HashSet<string> _sent = [];
    private readonly HashSet<string> _byHand = [];

    // Who answered 2xx for which run; taken out again where a cut excuses a second sending.
    private readonly Dictionary<string, Side> _answeredOk = [];
    private readonly Dictionary<long, SortedSet<long>> _served = [];
    private long _latestMs = StartMs;
    private bool _isCalm;

    public FiringCircle(int seed)
    {
        (_seed, _random) = (seed, new Random(seed));
        _sides = [new Side(this, 1), new Side(this, 2)];
        _log.Assign(_sides[0].Node.Self, Enumerable.Range(0, 128));
        _log.Assign(_sides[1].Node.Self, Enumerable.Range(128, 128));
        for (var i = 1; i <= OneShots; i++)
            _oneShots.Add(_log.Create(i * 7919, StartMs + _random.Next(120_000), Definitions.OneShot(), StartMs));
        for (var i = 1; i <= Periodics; i++)
        {
            var misfire = i % 2 == 0 ? Misfire.FireAll : Misfire.FireOnce;
            var definition = Definitions.Periodic("@every 5s", misfire);
            definition.Overlap = (Overlap)(i % 3);
            definition.JitterMs = i % 4 == 0 ? 3000 : 0;
            _periodics.Add(_log.Create(1_000_003 * i, StartMs + GridMs, definition, StartMs));
        }
    }

    /// <summary>Whether a side may be cut off, lose all its shards, and come back.</summary>
    public required bool HasCuts { get; init; }

    public async Task RunAsync(int steps)
    {
        for (var step = 0; step < steps; step++)
        {
            MoveClock();
            if (_random.Next(15) == 0)
                MoveShards();
            if (_random.Next(20) == 0)
                ChangeOne(_periodics[_random.Next(Periodics)]);
            if (HasCuts && _random.Next(30) == 0)
                CutOrHeal(_sides[_random.Next(2)]);
            TakeOverFromCut();
            if (_random.Next(40) == 0)
                _sides[_random.Next(2)].Node.StateReplaced();
            var side = _sides[_random.Next(2)];
            if (!side.IsCut && _random.Next(10) == 0)
                side.Gateway.ApplyLate();
            if (!side.IsCut && _random.Next(2) == 0)
                side.Replica.Follow(_random.Next(6));
            await StepOneAsync(side);
        }
    }

    /// <summary>Nothing fails any more: all must come to rest.</summary>
    public async Task SettleAsync()
    {
        _isCalm = true;
        foreach (var id in _periodics)
            Resume(id);
        foreach (var side in _sides)
        {
            Heal(side);
            side.Gateway.ApplyLate();
        }

        // The last steps finish what is on its way; nothing new falls due.
        for (var step = 0; step < 3010; step++)
        {
            _clock.Advance(step < 3000 ? 250 : 0);
            _latestMs = Math.Max(_latestMs, _clock.NowMs);
            foreach (var side in _sides)
            {
                side.Replica.Follow();
                await side.Node.StepAsync();
            }
        }
    }

    public void Check()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(_wrongs, Is.Empty, $"seed {_seed}");
            foreach (var id in _oneShots)
            {
                var record = _log.Tasks.Find(id);
                Assert.That(record?.RunCount, Is.EqualTo(1), $"one-shot {id}, seed {_seed}");
                Assert.That(record?.RunSequence, Is.EqualTo(1), $"one-shot {id}, seed {_seed}");
            }

            foreach (var id in _periodics)
                CheckPeriodic(id);
        }
    }

    /// <summary>Every time of the grid up to now was either sent for or passed over, and counted so.</summary>
    private void CheckPeriodic(TaskId id)
    {
        var record = _log.Tasks.Find(id)!;
        var served = _served[id.Value];
        var due = (record.NextDueMs - StartMs - GridMs) / GridMs;
        var waiting = record.QueuedDueMs == 0 ? 0 : 1;
        Assert.That(record.NextDueMs, Is.GreaterThan(_latestMs - 60_000), $"task {id} goes on, seed {_seed}");
        var runs = record.CountedRuns;
        Assert.That(runs + record.MissedCount + waiting, Is.EqualTo(due), $"task {id}, seed {_seed}");
        Assert.That(served, Has.Count.EqualTo(runs), $"task {id}, seed {_seed}");
        Assert.That(served.All(ms => (ms - StartMs) % GridMs == 0), $"task {id} is on its grid, seed {_seed}");
    }

    private void MoveClock()
    {
        _clock.Advance(_random.Next(200));
        if (_random.Next(60) == 0)
            _clock.Set(_clock.NowMs + _random.Next(-3000, 3000));
        _latestMs = Math.Max(_latestMs, _clock.NowMs);
    }

    /// <summary>Some shards of one go to the other, but never all: both are up.</summary>
    private void MoveShards()
    {
        if (_sides.Any(side => side.IsCut || side.HasLostAll))
            return;
        var from = _random.Next(1, 250);
        _log.Assign(_sides[_random.Next(2)].Node.Self, Enumerable.Range(from, _random.Next(1, 255 - from)));
    }

    /// <summary>What an operator may do to a task while all this goes on.</summary>
    private void ChangeOne(TaskId id)
    {
        var record = _log.Tasks.Find(id)!;
        switch (_random.Next(4))
        {
            case 0:
                _log.Apply(TaskCommands.EncodePause(id, null));
                break;
            case 1:
                Resume(id);
                break;
            case 2:
                var result = _log.Apply(TaskCommands.EncodeRun(id, null, _clock.NowMs, _clock.NowMs)).Result;
                if (result.Code == ResultCode.Ok)
                    _byHand.Add(RunId.Format(id, ChangeAnswer.Decode(result.Data.Span).RunSequence));
                break;
            default:
                var definition = TaskDefinitionCodec.Decode(record.Definition);
                definition.Url = $"http://target{_random.Next(3)}.test/hook";
                _log.Apply(TaskCommands.EncodeUpdate(new UpdateTask
                {
                    TaskId = id.Value,
                    Revision = record.Revision,
                    Definition = ByteString.CopyFrom(TaskDefinitionCodec.Encode(definition)),
                }));
                break;
        }
    }

    private void Resume(TaskId id) => _log.Apply(TaskCommands.EncodeResume(
        new ResumeTask { TaskId = id.Value, Revision = _log.Tasks.Find(id)!.Revision }));

    private void CutOrHeal(Side side)
    {
        if (side.IsCut)
        {
            Heal(side);
            return;
        }

        // One of the two is always there.
        if (_sides.Any(other => other.IsCut || other.HasLostAll))
            return;
        side.CutSince = _clock.GetTimestamp();

        // What it was answered and could not record is sent again by the other.
        var excused = _answeredOk.Where(answered => answered.Value == side).Select(answered => answered.Key);
        foreach (var run in excused.ToList())
            _answeredOk.Remove(run);
    }

    private void TakeOverFromCut()
    {
        foreach (var side in _sides)
        {
            if (!side.IsCut || side.HasLostAll || _clock.GetTimestamp() - side.CutSince < OwnerTimeoutMs)
                continue;
            side.HasLostAll = true;
            _log.AssignAll(_sides.Single(other => other != side).Node.Self);
        }
    }

    private void Heal(Side side)
    {
        side.CutSince = 0;
        if (!side.HasLostAll)
            return;
        side.HasLostAll = false;
        _log.Assign(side.Node.Self, side == _sides[0] ? Enumerable.Range(0, 128) : Enumerable.Range(128, 128));
    }

    /// <summary>One part of one side at a time, so that all orders come up.</summary>
    private async Task StepOneAsync(Side side)
    {
        switch (_random.Next(5))
        {
            case 0:
                side.Node.Turn();
                break;
            case 1:
                await side.Node.Claims.RunOnceAsync(CancellationToken.None);
                break;
            case 2:
                await side.Node.SendAsync();
                break;
            case 3:
                await side.Node.Results.RunOnceAsync(CancellationToken.None);
                break;
            default:
                await side.Node.StepAsync();
                break;
        }
    }

    private HttpResponseMessage Answer(Side side, HttpRequestMessage request)
    {
        var run = One(request, "X-Xcron-Run-Id");
        var attempt = One(request, "X-Xcron-Attempt");
        var scheduledMs = (long)decimal.Round(
            decimal.Parse(One(request, "X-Xcron-Scheduled-Time"), CultureInfo.InvariantCulture) * 1000);
        if (!_sent.Add($"{run}/{attempt}"))
            _wrongs.Add($"attempt {attempt} of run {run} was sent twice");
        if (_answeredOk.ContainsKey(run))
            _wrongs.Add($"run {run} was sent again after its 2xx");
        if (scheduledMs > _clock.NowMs && !_byHand.Contains(run))
            _wrongs.Add($"run {run} was sent {scheduledMs - _clock.NowMs} ms early");
        if (side.HasLostAll)
            _wrongs.Add($"run {run} was sent by a node that owns nothing any more");

        var task = long.Parse(run.Split('-')[0], CultureInfo.InvariantCulture);
        if (!_served.TryGetValue(task, out var served))
            _served.Add(task, served = []);
        if (!_byHand.Contains(run) && !served.Add(scheduledMs) && attempt == "1")
            _wrongs.Add($"task {task} was run twice for {scheduledMs}");
        if (_random.Next(3) == 0)
            return new HttpResponseMessage(HttpStatusCode.InternalServerError);
        if (!side.IsCut)
            _answeredOk[run] = side;
        return new HttpResponseMessage(HttpStatusCode.OK);
    }

    private static string One(HttpRequestMessage request, string name) => request.Headers.GetValues(name).Single();

    /// <summary>One session with all that is its own.</summary>
    private sealed class Side
    {
        public Side(FiringCircle circle, ulong id)
        {
            Replica = new MemoryReplica(circle._log);
            Gateway = new MemoryGateway(circle._log)
            {
                NextFault = () => Fault(circle),
                Barrier = () => Barrier(circle),
            };
            var target = new FakeTarget((request, _) => Task.FromResult(circle.Answer(this, request)));
            Node = new SteppedNode(id, Replica, Gateway, circle._clock, circle._seed + (int)id, target);
        }

        public MemoryReplica Replica { get; }

        public MemoryGateway Gateway { get; }

        public SteppedNode Node { get; }

        public long CutSince { get; set; }

        public bool IsCut => CutSince != 0;

        public bool HasLostAll { get; set; }

        private MemoryGateway.Fault Fault(FiringCircle circle)
        {
            if (IsCut)
                return circle._random.Next(2) == 0 ? MemoryGateway.Fault.Rejected : MemoryGateway.Fault.UnknownAndLost;
            return circle._isCalm || circle._random.Next(3) > 0
                ? MemoryGateway.Fault.None
                : (MemoryGateway.Fault)circle._random.Next(1, 5);
        }

        private bool Barrier(FiringCircle circle)
        {
            if (IsCut || (!circle._isCalm && circle._random.Next(4) == 0))
                return false;
            Replica.Follow();
            return true;
        }
    }
}
