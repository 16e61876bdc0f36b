namespace XCron.Daemon.Tests;

/// <summary>Every promise of the HTTP API names tests, and each of them is there.</summary>
internal sealed class ContractTests
{
    /// <summary>The headings of the contract, in its order.</summary>
    private static readonly string[] Sections =
        ["Every answer", "Create", "Crontab expressions", "Delete", "Query", "Also", "The callback", "Codes"];

    private static readonly IReadOnlyList<Contract.Promise> Promises = Contract.Read();

    [Test]
    public void Every_section_is_there_in_order() =>
        Assert.That(Promises.Select(static promise => promise.Section).Distinct(), Is.EqualTo(Sections));

    [Test]
    public void Promises_are_numbered_from_1_without_a_gap() => Assert.That(
        Promises.Select(static promise => promise.Text.Split(' ')[0]),
        Is.EqualTo(Enumerable.Range(1, Promises.Count).Select(static number => $"{number}")));

    [Test]
    public void Every_promise_names_tests_that_are_there()
    {
        using (Assert.EnterMultipleScope())
        {
            foreach (var promise in Promises)
            {
                Assert.That(promise.Tests, Is.Unique.And.Not.Empty, $"Contract.txt:{promise.Line}: {promise.Text}");
                foreach (var test in promise.Tests)
                    Assert.That(NamedTests.IsThere(test), $"Contract.txt:{promise.Line}: {promise.Text}: {test}");
            }
        }
    }
}
