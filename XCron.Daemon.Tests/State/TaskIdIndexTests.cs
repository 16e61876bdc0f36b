using XCron.Daemon.Commands;
using XCron.Daemon.State;

namespace XCron.Daemon.Tests.State;

internal sealed class TaskIdIndexTests
{
    private const int MaxBytesPerId = 16;

    [Test]
    public void It_is_a_sorted_set_under_random_changes([Range(1, 6)] int seed)
    {
        var random = new Random(seed);
        var model = new SortedSet<long>();
        var index = new TaskIdIndex();
        for (var step = 0; step < 20_000; step++)
        {
            // It grows, then shrinks, so that pages split and merge; the range decides how often an id comes twice.
            var id = random.NextInt64(1, seed % 2 == 0 ? 4_000 : 1_000_000);
            if (random.Next(100) < (step < 10_000 ? 70 : 35))
            {
                model.Add(id);
                index.Add(new TaskId(id));
            }
            else
            {
                var near = model.GetViewBetween(id, long.MaxValue).FirstOrDefault(id);
                model.Remove(near);
                index.Remove(new TaskId(near));
            }

            if (step % 500 == 0)
                AssertSame(index, model, random.Next(1, 700), $"seed {seed}, step {step}");
        }

        foreach (var id in model)
            index.Remove(new TaskId(id));
        AssertSame(index, [], 10, $"seed {seed}, emptied");
    }

    [Test]
    public void A_walk_starts_behind_any_id_whether_it_is_there_or_not()
    {
        var index = new TaskIdIndex();
        for (var id = 2; id <= 4000; id += 2)
            index.Add(new TaskId(id));
        var ids = new TaskId[2];

        using (Assert.EnterMultipleScope())
        {
            Assert.That(index.CopyAfter(new TaskId(0), ids), Is.EqualTo(2));
            Assert.That(ids.Select(id => id.Value), Is.EqualTo((long[])[2, 4]));
            Assert.That(index.CopyAfter(new TaskId(1023), ids), Is.EqualTo(2));
            Assert.That(ids.Select(id => id.Value), Is.EqualTo((long[])[1024, 1026]));
            Assert.That(index.CopyAfter(new TaskId(1024), ids), Is.EqualTo(2));
            Assert.That(ids.Select(id => id.Value), Is.EqualTo((long[])[1026, 1028]));
            Assert.That(index.CopyAfter(new TaskId(3998), ids), Is.EqualTo(1));
            Assert.That(index.CopyAfter(new TaskId(4000), ids), Is.Zero);
        }
    }

    [TestCase(false)]
    [TestCase(true)]
    public void An_id_costs_at_most_16_bytes_in_whatever_order_it_comes_and_others_go(bool isShuffled)
    {
        const int Count = 200_000;
        var random = new Random(7);
        var ids = Enumerable.Range(1, Count).Select(id => new TaskId(id)).ToArray();
        if (isShuffled)
            random.Shuffle(ids);
        var index = new TaskIdIndex();
        var before = GC.GetTotalMemory(forceFullCollection: true);

        foreach (var id in ids)
            index.Add(id);
        var full = GC.GetTotalMemory(forceFullCollection: true) - before;
        random.Shuffle(ids);
        foreach (var id in ids.AsSpan(0, Count * 3 / 4))
            index.Remove(id);
        var thinned = GC.GetTotalMemory(forceFullCollection: true) - before;

        GC.KeepAlive(ids);
        GC.KeepAlive(index);
        TestContext.Out.WriteLine($"{full / Count} bytes an id when full, {thinned * 4 / Count} when thinned");
        Assert.That(full / Count, Is.AtMost(MaxBytesPerId));
        Assert.That(thinned * 4 / Count, Is.AtMost(MaxBytesPerId + 1), "the pages' own heads included");
    }

    private static void AssertSame(TaskIdIndex index, SortedSet<long> model, int pageIds, string context)
    {
        var page = new TaskId[pageIds];
        var walked = new List<long>();
        TaskId last = default;
        while (index.CopyAfter(last, page) is var count && count > 0)
        {
            walked.AddRange(page.Take(count).Select(id => id.Value));
            last = page[count - 1];
        }

        Assert.That(walked.SequenceEqual(model), Is.True, context);
    }
}
