using XCron.Daemon.State;

namespace XCron.Daemon.Tests.State;

internal sealed class FrozenViewTests
{
    [Test]
    public void It_stays_as_it_was_while_applying_goes_on([Range(1, 4)] int seed)
    {
        var random = new Random(seed);
        var state = new SchedulerState();
        var source = new CommandSource(seed, state);
        var index = 0;
        for (var view = 0; view < 20; view++)
        {
            for (var command = 0; command < 50; command++)
                StateFixture.Apply(state, ++index, source.Next());
            var expected = AllOf(state);
            using var frozen = state.Freeze();

            var seen = new List<TaskRecord>();
            foreach (var record in frozen.Tasks())
            {
                seen.Add(record);
                if (random.Next(4) == 0)
                    StateFixture.Apply(state, ++index, source.Next());
            }

            Assert.That(seen, Is.EqualTo(expected), $"seed {seed}, view {view}");
        }
    }

    private static List<TaskRecord> AllOf(SchedulerState state)
    {
        using var view = state.Freeze();
        return [.. view.Tasks()];
    }
}
