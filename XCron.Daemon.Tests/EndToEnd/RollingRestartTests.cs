namespace XCron.Daemon.Tests.EndToEnd;

/// <summary>Three real daemons under load, stopped and started one after the other as for an upgrade.</summary>
[Category("EndToEnd")]
internal sealed class RollingRestartTests
{
    private const int RunsASecond = 8;
    private const int MaxSeconds = 60;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(30);

    private CallbackReceiver _receiver = null!;
    private DaemonGroup _daemons = null!;
    private volatile DaemonProcess _asked = null!;

    private static long NowSeconds => TimeProvider.System.GetUtcNow().ToUnixTimeSeconds();

    [SetUp]
    public async Task SetUp()
    {
        _receiver = await CallbackReceiver.StartAsync();
        _daemons = new DaemonGroup();
        await _daemons.StartThreeAsync();
    }

    [TearDown]
    public async Task TearDown()
    {
        await _daemons.DisposeAsync();
        await _receiver.DisposeAsync();
    }

    [Test]
    public async Task Everything_is_sent_once_and_within_a_second_of_its_time()
    {
        var first = NowSeconds + 4;
        var dueOf = new Dictionary<string, long>();
        for (var i = 0; i < RunsASecond * MaxSeconds; i++)
        {
            var second = first + i / RunsASecond;
            dueOf.Add(await _daemons[i % 3].CreateOneShotAsync(second, _receiver.Url), second);
        }

        using var stopping = new CancellationTokenSource();
        _asked = _daemons[1];
        var load = LoadAsync(stopping.Token);
        for (var i = 0; i < 3; i++)
        {
            _asked = _daemons[(i + 1) % 3];
            Assert.That(await _daemons[i].StopAsync(StopLimit), Is.Zero);
            _daemons[i].Start();
            await _daemons[i].WaitUntilReadyAsync();
        }

        var until = NowSeconds;
        Assert.That(until, Is.InRange(first + 1, first + MaxSeconds - 1), "runs were due all the while");
        var due = dueOf.Where(task => task.Value <= until).Select(static task => task.Key).ToHashSet();
        await Eventually.HoldsAsync(
            () => Task.FromResult(due.IsSubsetOf(_receiver.Callbacks.Select(static callback => callback.TaskId))),
            () => $"not all of {due.Count} runs came");
        await stopping.CancelAsync();

        Assert.That(await load, Is.GreaterThan(0), "creates went on");
        var sent = _receiver.Callbacks.Where(callback => due.Contains(callback.TaskId)).ToArray();
        Assert.That(sent.Select(static callback => callback.TaskId), Is.Unique, "nothing was cut off");
        var lateMs = sent.Select(callback => callback.ReceivedMs - 1000 * callback.ScheduledSeconds).ToArray();
        await TestContext.Out.WriteLineAsync($"{sent.Length} runs, the latest {lateMs.Max()} ms after its time");
        Assert.That(lateMs.Min(), Is.GreaterThanOrEqualTo(0), "none early");
        Assert.That(lateMs.Max(), Is.LessThan(2000), "a second, and twice that on a loaded machine");
    }

    /// <summary>Creates on a node that stays; each must be taken. How many there were.</summary>
    private async Task<int> LoadAsync(CancellationToken stopping)
    {
        var created = 0;
        while (!stopping.IsCancellationRequested)
        {
            await _asked.CreateOneShotAsync(NowSeconds + 3600, "http://127.0.0.1:9/");
            created++;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System, CancellationToken.None);
        }

        return created;
    }
}
