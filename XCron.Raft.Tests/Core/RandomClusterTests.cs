namespace XCron.Raft.Tests.Core;

/// <summary>A fixed set of seeds; XCRON_SEED replays one, XCRON_SEEDS runs as many as asked.</summary>
internal sealed class RandomClusterTests
{
    private const int Steps = 5000;
    private const int DefaultSeeds = 60;

    [TestCase(1, 0)]
    [TestCase(2, 0)]
    [TestCase(3, 0)]
    [TestCase(3, 1)]
    [TestCase(4, 0)]
    [TestCase(5, 0)]
    public void Whatever_happens_Raft_holds_and_the_cluster_converges(int voters, int learners)
    {
        var (committed, terms, crashes, installed, reads) = (0L, 0, 0, 0, 0);
        foreach (var seed in Seeds())
        {
            var cluster = new RandomCluster(seed, voters, learners);
            try
            {
                cluster.Run(Steps);
            }
            catch (Exception failure)
            {
                Assert.Fail($"XCRON_SEED={seed} voters={voters} learners={learners}: {failure}");
            }

            committed += cluster.Committed;
            terms += cluster.TermsLed;
            crashes += cluster.Crashes;
            installed += cluster.Installed;
            reads += cluster.ReadsServed;
        }

        TestContext.Out.WriteLine(
            $"{committed} committed in {terms} terms, {crashes} crashes, {installed} snapshots installed, "
            + $"{reads} reads");
        using (Assert.EnterMultipleScope())
        {
            Assert.That(committed, Is.Positive, "it did something");
            Assert.That(reads, Is.Positive, "reads were served");
        }
    }

    private static IEnumerable<int> Seeds()
    {
        if (int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEED"), out var seed))
            return [seed];

        var isAsked = int.TryParse(Environment.GetEnvironmentVariable("XCRON_SEEDS"), out var asked);
        var count = isAsked ? asked : DefaultSeeds;
        return Enumerable.Range(1, count);
    }
}
