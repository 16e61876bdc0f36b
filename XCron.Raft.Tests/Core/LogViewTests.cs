using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

internal sealed class LogViewTests
{
    private const int CachedBytes = 200;

    [Test]
    public void It_answers_as_a_plain_list_of_entries_does([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        var model = new List<LogEntry>(); // all entries ever held; index i stands at i - 1
        var membership = Make.Cluster(1);
        var view = new LogView(new RecoveredState(default, null, [], LogIndex.Zero), CachedBytes);
        var forgotten = 0L; // the base
        var settled = 0L; // no truncation reaches what is committed
        var term = 1L;
        for (var step = 0; step < 500; step++)
        {
            switch (random.Next(12))
            {
                case < 7:
                    term += random.Next(6) == 0 ? 1 : 0;
                    model.Add(Make.Command(model.Count + 1, term, random.Next(60)));
                    view.Append(model[^1]);
                    break;
                case < 9:
                    var from = random.NextInt64(settled + 1, model.Count + 2);
                    model.RemoveRange((int)from - 1, (int)(model.Count - from) + 1);
                    view.TruncateFrom(Make.At(from));
                    term = Math.Max(term, model.Count > 0 ? model[^1].Term.Value : 1);
                    break;
                case 9:
                    settled = random.NextInt64(settled, model.Count + 1);
                    view.Evict(Make.At(settled));
                    break;
                case 10:
                    forgotten = random.NextInt64(forgotten, settled + 1);
                    view.ForgetBefore(Make.At(forgotten + 1));
                    break;
                default:
                    if (random.Next(10) != 0)
                        break;
                    forgotten = settled = model.Count + random.Next(3);
                    while (model.Count < forgotten)
                        model.Add(Make.Command(model.Count + 1, term));
                    var last = forgotten == 0 ? default : model[^1].Term;
                    view.Reset(new SnapshotMark(Make.At(forgotten), last, membership, Make.At(1)));
                    break;
            }

            Compare(view, model, forgotten, settled, $"seed {seed} step {step}", random);
        }
    }

    [Test]
    public void A_slice_holds_at_least_one_entry_however_large_it_is()
    {
        var view = new LogView(
            new RecoveredState(default, null, [Make.Command(1, 1, 500), Make.Command(2, 1, 500)], LogIndex.Zero),
            10_000);

        Assert.That(view.Slice(Make.At(1), Make.At(2), 10, maxBytes: 100), Has.Length.EqualTo(1));
    }

    private static void Compare(
        LogView view, List<LogEntry> model, long forgotten, long settled, string when, Random random)
    {
        Assert.That(view.Base.Value, Is.EqualTo(forgotten), when);
        Assert.That(view.LastIndex.Value, Is.EqualTo(model.Count), when);
        Assert.That(view.LastTerm, Is.EqualTo(model.Count == 0 ? default : model[^1].Term), when);
        var held = 0L;
        for (var index = forgotten + 1; index <= model.Count; index++)
        {
            var entry = model[(int)index - 1];
            Assert.That(view.TermAt(entry.Index), Is.EqualTo(entry.Term), $"{when}: {index}");
            Assert.That(view.Matches(entry.Index, entry.Term), $"{when}: {index}");
            Assert.That(view.Matches(entry.Index, entry.Term.Next), Is.False, $"{when}: {index}");
            if (!view.IsCached(entry.Index))
            {
                Assert.That(index, Is.LessThanOrEqualTo(settled), $"{when}: {index} is still needed in memory");
                continue;
            }

            held += entry.Payload.Length;
            Assert.That(view.Entry(entry.Index), Is.SameAs(entry), $"{when}: {index}");
        }

        var unsettled = model.Skip((int)settled).Sum(entry => entry.Payload.Length);
        Assert.That(view.Matches(Make.At(model.Count + 1), new Term(1)), Is.False, when);
        if (model.Count > settled)
            CompareSlice(view, model, random.NextInt64(settled + 1, model.Count + 1), when, random);
        Assert.That(held, Is.GreaterThanOrEqualTo(unsettled), when);
    }

    private static void CompareSlice(LogView view, List<LogEntry> model, long from, string when, Random random)
    {
        var (maxEntries, maxBytes) = (random.Next(1, 10), random.Next(200));
        var expected = new List<LogEntry>();
        foreach (var entry in model.Skip((int)from - 1).Take(maxEntries))
        {
            if (expected.Count > 0 && expected.Sum(e => e.Payload.Length) + entry.Payload.Length > maxBytes)
                break;
            expected.Add(entry);
        }

        Assert.That(view.Slice(Make.At(from), view.LastIndex, maxEntries, maxBytes), Is.EqualTo(expected), when);
    }
}
