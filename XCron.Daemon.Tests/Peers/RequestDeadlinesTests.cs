using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Peers;

internal sealed class RequestDeadlinesTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromSeconds(3.2);
    private static readonly TimeSpan Slice = Timeout / 16;

    [Test]
    public void A_token_is_cancelled_between_one_timeout_and_a_sixteenth_more()
    {
        const int Seed = 11;
        var random = new Random(Seed);
        var time = new ManualTime();
        using var deadlines = new RequestDeadlines(Timeout, time);
        var waiting = new Queue<(TimeSpan Begun, CancellationToken Token)>();
        var start = time.GetUtcNow();
        for (var round = 0; round < 2000; round++)
        {
            time.Advance(TimeSpan.FromMilliseconds(random.Next(100)));
            var now = time.GetUtcNow() - start;
            waiting.Enqueue((now, deadlines.Next()));
            while (waiting.Peek() is var (begun, _) && now - begun > Timeout + Slice)
                Assert.That(waiting.Dequeue().Token.IsCancellationRequested, Is.True, $"seed {Seed}, round {round}");
            foreach (var (since, token) in waiting.Where(request => now - request.Begun < Timeout))
                Assert.That(token.IsCancellationRequested, Is.False, $"seed {Seed}, round {round}, since {since}");
        }
    }

    [Test]
    public void Requests_of_one_slice_share_a_token()
    {
        var time = new ManualTime();
        using var deadlines = new RequestDeadlines(Timeout, time);

        var first = deadlines.Next();
        time.Advance(Slice / 2);
        var second = deadlines.Next();
        time.Advance(Slice);
        var third = deadlines.Next();

        Assert.That((second == first, third == first), Is.EqualTo((true, false)));
    }

    [Test]
    public void Disposing_cancels_whoever_waits_and_whoever_comes_later()
    {
        var deadlines = new RequestDeadlines(Timeout, new ManualTime());
        var before = deadlines.Next();

        deadlines.Dispose();

        Assert.That(before.IsCancellationRequested, Is.True);
        Assert.That(deadlines.Next().IsCancellationRequested, Is.True);
    }
}
