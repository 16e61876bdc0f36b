using XCron.Daemon.Timing;

namespace XCron.Daemon.Tests.Timing;

internal sealed class TimingWheelTests
{
    private const long Start = 1_760_000_000_000;

    [Test]
    public void Agrees_with_a_sorted_list_under_random_operations([Range(1, 12)] int seed)
    {
        var random = new Random(seed);
        var now = seed % 3 == 0 ? (1L << (6 * (seed % 7))) - 1 : Start + random.Next();
        var wheel = new TimingWheel(now, capacity: 1);
        var model = new SortedListModel();
        List<long> expired = [];

        for (var step = 0; step < 20_000; step++)
        {
            var because = $"seed {seed}, step {step}";
            switch (random.Next(10))
            {
                case < 5:
                    var due = Due(random, now);
                    model.Add(step, due, wheel.Add(step, due));
                    break;
                case < 7 when model.Count > 0:
                    var (key, handle) = model.RemoveAny(random);
                    Require(wheel.Cancel(handle, key), because);
                    Require(!wheel.Cancel(handle, key), because);
                    break;
                default:
                    now = Move(random, now, wheel);
                    expired.Clear();
                    wheel.Advance(now, expired);
                    model.RequireExpired(now, expired, because);
                    Require(wheel.NextExpiryMs() > now, because);
                    break;
            }

            Require(wheel.Count == model.Count, because);
            Require(wheel.NextExpiryMs() <= model.EarliestDueMs, because);
            Require(model.Count > 0 || wheel.NextExpiryMs() == long.MaxValue, because);
        }
    }

    [Test]
    public void Expires_on_the_millisecond_at_every_level_boundary([Range(0, 6)] int level)
    {
        var width = 1L << (6 * level);
        foreach (var now in new[] { Start / width * width, Start / width * width + width - 1, Start })
        {
            foreach (var distance in new[] { width - 1, width, width + 1, width * 63, width * 64 - 1, width * 64 })
            {
                if (distance == 0)
                    continue;
                var wheel = new TimingWheel(now);
                List<long> expired = [];
                wheel.Add(7, now + distance);

                wheel.Advance(now + distance - 1, expired);
                Assert.That(expired, Is.Empty, $"{distance} ms after {now}, a millisecond early");

                wheel.Advance(now + distance, expired);
                Assert.That(expired, Is.EqualTo([7L]), $"{distance} ms after {now}");
                Assert.That(wheel.Count, Is.Zero);
            }
        }
    }

    [Test]
    public void A_driver_that_wakes_only_at_the_next_expiry_meets_every_due_time_exactly()
    {
        var random = new Random(5);
        var wheel = new TimingWheel(Start);
        const int Entries = 2000;
        for (var i = 0; i < Entries; i++)
        {
            var due = Start + 1 + random.NextInt64(1L << random.Next(1, 42));
            wheel.Add(due, due);
        }

        List<long> expired = [];
        var wakes = 0;
        while (wheel.Count > 0)
        {
            var now = wheel.NextExpiryMs();
            wheel.Advance(now, expired);
            Assert.That(expired, Is.All.EqualTo(now));
            expired.Clear();
            wakes++;
        }

        Assert.That(wakes, Is.AtMost(Entries * 7), "an entry moves through seven levels at most");
    }

    [Test]
    public void What_is_due_already_expires_at_the_next_advance_in_order()
    {
        var wheel = new TimingWheel(Start);
        wheel.Add(3, Start);
        wheel.Add(2, Start - 1);
        wheel.Add(1, long.MinValue);
        wheel.Add(4, Start + 1);
        List<long> expired = [];

        Assert.That(wheel.NextExpiryMs(), Is.EqualTo(long.MinValue));
        wheel.Advance(Start, expired);
        Assert.That(expired, Is.EqualTo([1L, 2L, 3L]));

        wheel.Advance(Start + 1, expired);
        Assert.That(expired, Is.EqualTo([1L, 2L, 3L, 4L]));
    }

    [TestCase(138)]
    [TestCase(140)]
    [TestCase(1000)]
    [TestCase(100_000)]
    public void A_due_time_beyond_the_last_level_is_kept_and_met(int years)
    {
        var due = Start + years * 31_556_952_000L;
        var wheel = new TimingWheel(Start);
        wheel.Add(1, due);
        wheel.Add(2, due + 1);
        wheel.Add(3, long.MaxValue);
        List<long> expired = [];

        while (wheel.NextExpiryMs() < due)
            wheel.Advance(wheel.NextExpiryMs(), expired);
        wheel.Advance(due - 1, expired);
        Assert.That(expired, Is.Empty);

        wheel.Advance(due, expired);
        Assert.That(expired, Is.EqualTo([1L]));

        wheel.Advance(long.MaxValue, expired);
        Assert.That(expired, Is.EqualTo([1L, 2L, 3L]));
    }

    [Test]
    public void A_jump_over_everything_expires_all_in_the_order_of_due_times()
    {
        var random = new Random(11);
        var wheel = new TimingWheel(Start, capacity: 2);
        List<long> dues = [];
        for (var i = 0; i < 100_000; i++)
        {
            var due = Start + random.NextInt64(1L << 41) - 1000;
            dues.Add(due);
            wheel.Add(due, due);
        }

        List<long> expired = [];
        wheel.Advance(Start + (1L << 41), expired);

        dues.Sort();
        Assert.That(expired.SequenceEqual(dues));
    }

    [Test]
    public void Entries_of_one_millisecond_expire_in_the_order_they_were_added()
    {
        var wheel = new TimingWheel(Start);
        var due = Start + 5_000_000;
        List<long> expired = [];
        for (var key = 0; key < 100; key++)
        {
            wheel.Add(key, due);
            wheel.Advance(Start + key * 49_999, expired);
        }

        wheel.Advance(due, expired);
        Assert.That(expired, Is.EqualTo(Enumerable.Range(0, 100).Select(key => (long)key)));
    }

    [Test]
    public void A_clock_set_back_fires_nothing_twice_nothing_early_and_freezes_nothing()
    {
        var wheel = new TimingWheel(Start);
        List<long> expired = [];
        wheel.Add(1, Start + 3_600_000);
        wheel.Add(2, Start + 7_200_000);
        wheel.Advance(Start + 3_600_000, expired);

        wheel.Advance(Start, expired);
        wheel.Add(3, Start + 1_800_000);
        wheel.Add(4, Start + 900_000);
        var handle = wheel.Add(5, Start + 1_000_000);
        Assert.That(expired, Is.EqualTo([1L]));
        Assert.That(wheel.NextExpiryMs(), Is.EqualTo(Start + 900_000));

        wheel.Advance(Start + 900_000, expired);
        Assert.That(expired, Is.EqualTo([1L, 4L]));
        Assert.That(wheel.Cancel(handle));

        wheel.Advance(Start + 1_799_999, expired);
        Assert.That(expired, Is.EqualTo([1L, 4L]));

        wheel.Advance(Start + 7_200_000, expired);
        Assert.That(expired, Is.EqualTo([1L, 4L, 3L, 2L]));
    }

    [Test]
    public void A_handle_kept_too_long_cancels_nothing_of_others()
    {
        var wheel = new TimingWheel(Start);
        var first = wheel.Add(1, Start + 10);
        wheel.Cancel(first);
        var second = wheel.Add(2, Start + 10);

        Assert.That(second, Is.EqualTo(first), "the place is used again");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(wheel.Cancel(first, key: 1), Is.False);
            Assert.That(wheel.Cancel(-1), Is.False);
            Assert.That(wheel.Cancel(5000), Is.False);
            Assert.That(wheel.Count, Is.EqualTo(1));
            Assert.That(wheel.Cancel(second, key: 2));
            Assert.That(wheel.Cancel(second), Is.False);
            Assert.That(wheel.NextExpiryMs(), Is.EqualTo(long.MaxValue));
        }
    }

    [Test]
    public void Adding_cancelling_and_advancing_allocate_nothing_once_warm()
    {
        var wheel = new TimingWheel(Start, capacity: 4096);
        var handles = new int[2000];
        List<long> expired = new(4096);
        var now = Start;
        Turn();
        Turn();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++)
            Turn();
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);

        void Turn()
        {
            for (var i = 0; i < handles.Length; i++)
                handles[i] = wheel.Add(i, now + (long)i * i * i - 100);
            for (var i = 0; i < handles.Length; i += 2)
                wheel.Cancel(handles[i], i);
            now += 100_000_000_000;
            wheel.Advance(now, expired);
            expired.Clear();
        }
    }

    private static long Due(Random random, long now) => random.Next(8) switch
    {
        0 => now - random.Next(100_000),
        1 => now,
        2 => now + random.Next(3),
        3 => (now | ((1L << random.Next(1, 43)) - 1)) + random.Next(-1, 3),
        _ => now + random.NextInt64(1L << random.Next(1, 44)),
    };

    private static long Move(Random random, long now, TimingWheel wheel) => random.Next(8) switch
    {
        0 => Math.Max(0, now - random.Next(50_000)),
        1 => now,
        2 => now + 1,
        3 => now | ((1L << random.Next(1, 30)) - 1),
        4 => now + random.NextInt64(1L << random.Next(1, 40)),
        _ => wheel.Count > 0 ? Math.Max(now, wheel.NextExpiryMs()) : now + 64,
    };

    /// <summary>Without the cost of an Assert.That for each of many thousand checks.</summary>
    private static void Require(bool condition, string because)
    {
        if (!condition)
            Assert.Fail(because);
    }

    private sealed class SortedListModel
    {
        private readonly List<(long DueMs, long Key, int Handle)> _entries = [];

        public int Count => _entries.Count;

        public long EarliestDueMs => _entries.Count == 0 ? long.MaxValue : _entries[0].DueMs;

        public void Add(long key, long dueMs, int handle)
        {
            var entry = (dueMs, key, handle);
            _entries.Insert(~_entries.BinarySearch(entry), entry);
        }

        public (long Key, int Handle) RemoveAny(Random random)
        {
            var index = random.Next(_entries.Count);
            var (_, key, handle) = _entries[index];
            _entries.RemoveAt(index);
            return (key, handle);
        }

        public void RequireExpired(long nowMs, List<long> expired, string because)
        {
            var due = _entries.TakeWhile(entry => entry.DueMs <= nowMs).ToDictionary(
                entry => entry.Key, entry => entry.DueMs);
            var duesInOrder = expired.Select(key => due.TryGetValue(key, out var dueMs) ? dueMs : -1).ToList();
            Require(expired.Count == due.Count && expired.Distinct().Count() == due.Count, because);
            Require(duesInOrder.SequenceEqual(due.Values), because);
            _entries.RemoveRange(0, due.Count);
        }
    }
}
