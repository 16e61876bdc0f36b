using XCron.Daemon.Commands;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Firing;

internal sealed class HostQueuesTests
{
    private static readonly long[] TurnByTurn = [1, 11, 2, 12, 3, 13];

    [Test]
    public void One_target_is_served_in_order()
    {
        var queues = new HostQueues(maxInFlight: 16, maxPerHost: 8);
        for (var id = 1; id <= 4; id++)
            queues.Add("a", Ticket(id));

        Assert.That(TakeAll(queues).Select(taken => taken.Id), Is.EqualTo(Enumerable.Range(1, 4)));
    }

    [Test]
    public void Targets_take_turns()
    {
        var queues = new HostQueues(maxInFlight: 16, maxPerHost: 8);
        for (var id = 1; id <= 3; id++)
            queues.Add("a", Ticket(id));
        for (var id = 11; id <= 13; id++)
            queues.Add("b", Ticket(id));

        Assert.That(TakeAll(queues).Select(taken => taken.Id), Is.EqualTo(TurnByTurn));
    }

    [Test]
    public void One_target_has_no_more_than_its_share_in_flight()
    {
        var queues = new HostQueues(maxInFlight: 256, maxPerHost: 64);
        for (var id = 1; id <= 1000; id++)
            queues.Add("a", Ticket(id));

        Assert.That(TakeAll(queues), Has.Count.EqualTo(64));
    }

    [Test]
    public void However_many_targets_are_stuck_there_is_a_place_for_another()
    {
        var queues = new HostQueues(maxInFlight: 256, maxPerHost: 64);
        for (var host = 0; host < 60; host++)
        {
            for (var id = 1; id <= 100; id++)
                queues.Add($"stuck{host}", Ticket(id));
            TakeAll(queues);
        }

        queues.Add("alive", Ticket(9999));

        Assert.That(TakeAll(queues).Select(taken => taken.Id), Does.Contain(9999L));
    }

    [Test]
    public void Names_of_targets_differ_by_more_than_case()
    {
        var queues = new HostQueues(maxInFlight: 256, maxPerHost: 64);
        queues.Add("Target.test:80", Ticket(1));
        queues.Add("target.TEST:80", Ticket(2));

        Assert.That(queues.Hosts, Is.EqualTo(1));
    }

    [Test]
    public void Nothing_is_lost_or_kept_under_random_use([Range(1, 5)] int seed)
    {
        var random = new Random(seed);
        var queues = new HostQueues(maxInFlight: 20, maxPerHost: 6);
        var inFlight = new List<(long Id, HostQueue Host)>();
        var taken = new List<long>();
        for (var id = 1; id <= 1500; id++)
        {
            queues.Add($"host{random.Next(12)}", Ticket(id));
            if (random.Next(3) == 0)
                Serve();
        }

        while (queues.Waiting + queues.InFlight > 0)
            Serve();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(taken, Is.EquivalentTo(Enumerable.Range(1, 1500)), $"seed {seed}");
            Assert.That(queues.Hosts, Is.Zero, $"seed {seed}");
        }

        void Serve()
        {
            var more = TakeAll(queues);
            inFlight.AddRange(more);
            taken.AddRange(more.Select(one => one.Id));
            Assert.That(queues.InFlight, Is.EqualTo(inFlight.Count).And.AtMost(20), $"seed {seed}");
            Assert.That(inFlight.GroupBy(one => one.Host).All(of => of.Count() <= 6), $"seed {seed}");
            var done = inFlight[random.Next(inFlight.Count)];
            inFlight.Remove(done);
            queues.Done(done.Host);
        }
    }

    private static AttemptTicket Ticket(long id) => new(new TaskId(id), 1, 1, 1, 0);

    private static List<(long Id, HostQueue Host)> TakeAll(HostQueues queues)
    {
        var all = new List<(long Id, HostQueue Host)>();
        while (queues.TryTake(out var ticket, out var host))
            all.Add((ticket.Task.Value, host));
        return all;
    }
}
