using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

internal sealed class EntryRingTests
{
    [Test]
    public void It_holds_what_a_plain_list_holds([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var ring = new EntryRing();
        var first = 1L;
        var model = new List<LogEntry>();
        for (var step = 0; step < 1000; step++)
        {
            switch (random.Next(20))
            {
                case < 12:
                    model.Add(Make.Command(first + model.Count, 1, random.Next(20)));
                    ring.Add(model[^1]);
                    break;
                case < 16 when model.Count > 0:
                    model.RemoveAt(0);
                    first++;
                    ring.RemoveFirst();
                    break;
                case < 19 when model.Count > 0:
                    model.RemoveAt(model.Count - 1);
                    ring.RemoveLast();
                    break;
                case 19 when random.Next(10) == 0:
                    model.Clear();
                    first = random.Next(1, 1000);
                    ring.Clear(Make.At(first));
                    break;
            }

            using (Assert.EnterMultipleScope())
            {
                Assert.That(ring.Count, Is.EqualTo(model.Count));
                Assert.That(ring.First.Value, Is.EqualTo(first));
                Assert.That(ring.PayloadBytes, Is.EqualTo(model.Sum(entry => entry.Payload.Length)));
            }

            foreach (var entry in model)
                Assert.That(ring[entry.Index], Is.SameAs(entry), $"seed {seed} step {step}");
        }
    }

    [Test]
    public void An_entry_that_is_not_held_breaks_an_invariant([Values(1, 4, 67)] long index)
    {
        var ring = new EntryRing();
        for (var i = 1; i <= 3; i++)
            ring.Add(Make.Command(i, 1));
        ring.RemoveFirst();

        Assert.That(() => ring[Make.At(index)], Throws.TypeOf<InvariantException>());
    }

    [Test]
    public void A_gap_breaks_an_invariant()
    {
        var ring = new EntryRing();
        ring.Add(Make.Command(1, 1));

        Assert.That(() => ring.Add(Make.Command(3, 1)), Throws.TypeOf<InvariantException>());
    }
}
