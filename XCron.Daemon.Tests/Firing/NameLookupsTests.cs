using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Firing;

/// <summary>Name servers that are silent are played by a lookup that waits for the test.</summary>
[CancelAfter(20_000)]
internal sealed class NameLookupsTests
{
    private static readonly IPAddress[] Answer = [IPAddress.Parse("192.0.2.1")];

    private readonly ConcurrentQueue<(string Name, bool IsOnPool)> _begun = new();
    private ManualResetEventSlim _isAnswered = null!;
    private NameLookups _lookups = null!;

    [SetUp]
    public void SetUp()
    {
        _begun.Clear();
        _isAnswered = new ManualResetEventSlim();
        _lookups = new NameLookups(name =>
        {
            _begun.Enqueue((name, Thread.CurrentThread.IsThreadPoolThread));
            if (name.StartsWith("silent", StringComparison.Ordinal))
                _isAnswered.Wait();
            return name.EndsWith("nowhere", StringComparison.Ordinal)
                ? throw new SocketException((int)SocketError.HostNotFound)
                : Answer;
        });
    }

    [TearDown]
    public void TearDown()
    {
        _isAnswered.Set();
        _isAnswered.Dispose();
    }

    [Test]
    public async Task A_lookup_blocks_no_thread_of_the_pool(CancellationToken token)
    {
        var addresses = await _lookups.FindAsync("a.test", token);

        Assert.That(addresses, Is.EqualTo(Answer));
        Assert.That(_begun, Is.EqualTo(new[] { ("a.test", false) }));
    }

    [Test]
    public async Task Who_asks_for_a_name_that_is_under_way_waits_for_the_same_answer(CancellationToken token)
    {
        var asked = Enumerable.Range(0, 10).Select(_ => _lookups.FindAsync("silent.test", token)).ToArray();
        var other = await _lookups.FindAsync("a.test", token);
        _isAnswered.Set();
        var answers = await Task.WhenAll(asked);
        await _lookups.FindAsync("silent.test", token);

        Assert.That(other, Is.EqualTo(Answer));
        Assert.That(answers, Has.All.EqualTo(Answer));
        Assert.That(_begun.Count(begun => begun.Name == "silent.test"), Is.EqualTo(2));
    }

    [Test]
    public async Task Beyond_the_most_at_once_a_name_waits_for_a_place_and_may_give_up(CancellationToken token)
    {
        var silent = Enumerable.Range(0, NameLookups.MostAtOnce)
            .Select(i => _lookups.FindAsync($"silent{i}.test", token)).ToArray();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(token);
        var givenUp = _lookups.FindAsync("a.test", patience.Token);
        var waiting = _lookups.FindAsync("b.test", token);
        await patience.CancelAsync();

        Assert.That(async () => await givenUp, Throws.InstanceOf<OperationCanceledException>());
        Assert.That(waiting.IsCompleted, Is.False);
        _isAnswered.Set();
        Assert.That(await waiting, Is.EqualTo(Answer));
        await Task.WhenAll(silent);
        Assert.That(_begun.Select(begun => begun.Name), Has.None.EqualTo("a.test"));
    }

    [Test]
    public async Task A_name_that_is_not_found_is_told_to_all_who_asked_and_leaves_its_place(CancellationToken token)
    {
        for (var i = 0; i <= NameLookups.MostAtOnce; i++)
            Assert.That(async () => await _lookups.FindAsync("nowhere", token), Throws.InstanceOf<SocketException>());

        Assert.That(await _lookups.FindAsync("a.test", token), Is.EqualTo(Answer));
    }
}
