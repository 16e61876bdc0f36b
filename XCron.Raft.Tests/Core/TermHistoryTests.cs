using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

internal sealed class TermHistoryTests
{
    [Test]
    public void It_answers_as_a_plain_list_of_terms_does([Range(1, 30)] int seed)
    {
        var random = new Random(seed);
        var history = new TermHistory();

        // The model: the term of every index ever held, and how much of it is forgotten.
        var terms = new List<long> { 0 };
        var forgotten = 0;
        for (var step = 0; step < 400; step++)
        {
            switch (random.Next(10))
            {
                case < 6:
                    terms.Add(terms[^1] + (random.Next(4) == 0 ? random.Next(1, 4) : 0));
                    history.Append(Make.At(terms.Count - 1), new Term(terms[^1]));
                    break;
                case < 8:
                    var from = random.Next(forgotten + 1, terms.Count + 1);
                    terms.RemoveRange(from, terms.Count - from);
                    history.TruncateFrom(Make.At(from));
                    break;
                case 8:
                    forgotten = random.Next(forgotten, terms.Count);
                    history.Forget(Make.At(forgotten));
                    break;
                default:
                    if (random.Next(8) != 0)
                        break;
                    var last = terms[^1];
                    forgotten = terms.Count + random.Next(5);
                    terms.AddRange(Enumerable.Repeat(last, forgotten - terms.Count + 1));
                    history.Reset(Make.At(forgotten), new Term(last));
                    break;
            }

            Compare(history, terms, forgotten, $"seed {seed} step {step}");
        }
    }

    [Test]
    public void Terms_that_fall_break_an_invariant()
    {
        var history = new TermHistory();
        history.Append(Make.At(1), new Term(3));

        Assert.That(() => history.Append(Make.At(2), new Term(2)), Throws.TypeOf<InvariantException>());
    }

    [Test]
    public void The_term_of_a_forgotten_entry_breaks_an_invariant()
    {
        var history = new TermHistory();
        history.Reset(Make.At(5), new Term(2));

        Assert.That(() => history.TermAt(Make.At(4)), Throws.TypeOf<InvariantException>());
    }

    private static void Compare(TermHistory history, List<long> terms, int forgotten, string when)
    {
        Assert.That(history.Base, Is.EqualTo(Make.At(forgotten)), when);
        for (var index = forgotten; index < terms.Count; index++)
        {
            Assert.That(history.TermAt(Make.At(index)).Value, Is.EqualTo(terms[index]), $"{when}: term at {index}");
            Assert.That(
                history.FirstOfRun(Make.At(index)).Value,
                Is.EqualTo(FirstOfRun(terms, forgotten, index)),
                $"{when}: run of {index}");
        }

        foreach (var term in new[] { 0, terms[forgotten], terms[^1], terms[(forgotten + terms.Count - 1) / 2] + 1 })
        {
            foreach (var limit in new[] { forgotten, (forgotten + terms.Count - 1) / 2, terms.Count - 1 })
            {
                var expected = Enumerable.Range(forgotten, limit - forgotten + 1).Where(i => terms[i] == term);
                Assert.That(
                    history.LastOf(new Term(term), Make.At(limit))?.Value ?? -1,
                    Is.EqualTo(expected.DefaultIfEmpty(-1).Max()),
                    $"{when}: last of {term} up to {limit}");
            }
        }
    }

    private static int FirstOfRun(List<long> terms, int forgotten, int index)
    {
        if (index == forgotten)
            return index;

        var first = index;
        while (first - 1 > forgotten && terms[first - 1] == terms[index])
            first--;
        return first;
    }
}
