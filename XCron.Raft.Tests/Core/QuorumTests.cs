using XCron.Raft.Core;

namespace XCron.Raft.Tests.Core;

/// <summary>Every case of small clusters against the definition.</summary>
internal sealed class QuorumTests
{
    [TestCase(1, 5)]
    [TestCase(2, 5)]
    [TestCase(3, 5)]
    [TestCase(4, 4)]
    [TestCase(5, 4)]
    [TestCase(6, 3)]
    [TestCase(7, 3)]
    public void The_committed_index_is_the_highest_that_a_majority_has(int voters, int values)
    {
        foreach (var matched in Vectors(voters, values))
        {
            var expected = HighestOfMajority(matched);

            Assert.That(Quorum.CommittedIndex(matched), Is.EqualTo(expected), string.Join(' ', matched));
        }
    }

    [Test]
    public void More_voters_than_fit_the_stack_are_counted_alike()
    {
        var random = new Random(1);
        for (var round = 0; round < 200; round++)
        {
            var matched = Enumerable.Range(0, 17 + (round % 20)).Select(_ => Make.At(random.Next(9))).ToArray();

            Assert.That(Quorum.CommittedIndex(matched), Is.EqualTo(HighestOfMajority(matched)));
        }
    }

    [Test]
    public void An_empty_configuration_commits_nothing_but_is_an_error() =>
        Assert.That(() => Quorum.CommittedIndex([]), Throws.InstanceOf<ArgumentException>());

    // Raft §6: "Agreement (for elections and entry commitment) requires separate majorities from both the old and new
    // configurations."
    [TestCaseSource(nameof(JointConfigurations))]
    public void While_one_is_being_left_both_configurations_must_have_an_entry(int[] incoming, int[] outgoing)
    {
        var membership = Make.Joint(incoming, outgoing);
        foreach (var matched in Vectors(4, 3))
        {
            var expected = LogIndex.Min(
                HighestOfMajority([.. incoming.Select(id => matched[id - 1])]),
                HighestOfMajority([.. outgoing.Select(id => matched[id - 1])]));

            var actual = Quorum.CommittedIndex(membership, id => matched[(int)id.Value - 1]);

            Assert.That(actual, Is.EqualTo(expected), string.Join(' ', matched));
        }
    }

    [TestCaseSource(nameof(JointConfigurations))]
    public void While_one_is_being_left_both_configurations_must_agree(int[] incoming, int[] outgoing)
    {
        var membership = Make.Joint(incoming, outgoing);
        for (var yes = 0; yes < 16; yes++)
        {
            var expected = IsMajority(incoming, yes) && IsMajority(outgoing, yes);

            Assert.That(Quorum.IsMajority(membership, id => Has(yes, (int)id.Value)), Is.EqualTo(expected), $"{yes:b}");
        }
    }

    [Test]
    public void Two_disjoint_majorities_do_not_exist([Range(1, 8)] int voters)
    {
        var membership = Make.Cluster(voters);
        for (var set = 0; set < 1 << voters; set++)
        {
            var has = Quorum.IsMajority(membership, id => Has(set, (int)id.Value));
            var rest = Quorum.IsMajority(membership, id => !Has(set, (int)id.Value));

            Assert.That(has && rest, Is.False, $"{set:b} of {voters}");
            Assert.That(has, Is.EqualTo(int.PopCount(set) * 2 > voters), $"{set:b} of {voters}");
        }
    }

    [Test]
    public void Learners_count_nowhere()
    {
        var membership = Make.Cluster(voters: 3, learners: 2);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(Quorum.IsMajority(membership, id => id.Value is 1 or 4 or 5), Is.False);
            Assert.That(
                Quorum.CommittedIndex(membership, id => Make.At(id.Value is 1 or 4 or 5 ? 9 : 2)),
                Is.EqualTo(Make.At(2)));
        }
    }

    [TestCaseSource(nameof(JointConfigurations))]
    public void A_campaign_is_won_or_lost_exactly_when_it_is_decided(int[] incoming, int[] outgoing)
    {
        var membership = Make.Joint(incoming, outgoing);
        for (var yes = 0; yes < 16; yes++)
        {
            for (var no = 0; no < 16; no++)
            {
                if ((yes & no) != 0)
                    continue;

                var tally = new VoteTally(membership);
                for (var id = 1; id <= 4; id++)
                {
                    if (Has(yes | no, id))
                        tally.Count(Make.Id(id), Has(yes, id));
                }

                var isWon = IsMajority(incoming, yes) && IsMajority(outgoing, yes);
                var isLost = !IsMajority(incoming, ~no) || !IsMajority(outgoing, ~no);
                Assert.That((tally.IsWon, tally.IsLost), Is.EqualTo((isWon, isLost)), $"yes {yes:b} no {no:b}");
            }
        }
    }

    [Test]
    public void A_voter_counts_once_and_cannot_change_its_vote()
    {
        var tally = new VoteTally(Make.Cluster(3));

        tally.Count(Make.Id(1), granted: true);
        tally.Count(Make.Id(1), granted: true);
        tally.Count(Make.Id(2), granted: false);
        tally.Count(Make.Id(2), granted: true);
        tally.Count(Make.Id(9), granted: true);

        Assert.That((tally.IsWon, tally.IsLost), Is.EqualTo((false, false)));
    }

    private static IEnumerable<TestCaseData> JointConfigurations()
    {
        int[][] configurations = [[1], [1, 2], [1, 2, 3], [2, 3, 4], [1, 2, 3, 4], [3, 4], [4]];
        foreach (var incoming in configurations)
        {
            foreach (var outgoing in configurations)
                yield return new TestCaseData(incoming, outgoing);
        }
    }

    private static IEnumerable<LogIndex[]> Vectors(int length, int values)
    {
        var count = (int)Math.Pow(values, length);
        for (var number = 0; number < count; number++)
        {
            var vector = new LogIndex[length];
            for (int place = 0, rest = number; place < length; place++, rest /= values)
                vector[place] = Make.At(rest % values);
            yield return vector;
        }
    }

    private static LogIndex HighestOfMajority(LogIndex[] matched) => Enumerable
        .Range(0, 10)
        .Select(index => Make.At(index))
        .Last(index => matched.Count(match => match >= index) * 2 > matched.Length);

    private static bool IsMajority(int[] voters, int set) => voters.Count(id => Has(set, id)) * 2 > voters.Length;

    private static bool Has(int set, int id) => (set >> (id - 1) & 1) == 1;
}
