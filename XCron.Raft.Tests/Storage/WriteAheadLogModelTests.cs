using XCron.Raft.Tests.Simulation;

namespace XCron.Raft.Tests.Storage;

internal sealed class WriteAheadLogModelTests
{
    [Test]
    public void Random_work_with_reopening_equals_a_plain_list([Range(1, 40)] int seed)
    {
        var random = new Random(seed);
        using var script = new LogScript(new(), random);

        script.Open();

        Assert.DoesNotThrow(() => Work(script, 400), $"seed {seed}");
    }

    [Test]
    public void A_crash_at_any_operation_keeps_what_was_acknowledged([Range(1, 30)] int seed)
    {
        const int Steps = 40;
        var operations = 0;
        for (var crashAt = 1; crashAt == 1 || crashAt <= operations; crashAt++)
        {
            var disk = new SimulatedDisk { TearsAnywhere = seed % 2 == 0, CrashAtOperation = crashAt };
            using var script = new LogScript(disk, new(seed));
            var died = false;
            try
            {
                Try(() => script.Open(), seed, crashAt);
                Try(() => Work(script, Steps), seed, crashAt);
                operations = Math.Max(operations, disk.Operations);
            }
            catch (SimulatedDiskCrash)
            {
                died = true;
                operations = Math.Max(operations, crashAt + 1);
            }

            disk.Crash(new(seed + (1000 * crashAt)));
            Try(() => script.Open(), seed, crashAt);
            if (died)
                Try(() => Work(script, 5), seed, crashAt);
        }

        Assert.That(operations, Is.GreaterThan(10));
    }

    [Test]
    public void Crash_after_crash_keeps_what_was_acknowledged([Range(1, 60)] int seed)
    {
        var random = new Random(seed);
        var disk = new SimulatedDisk { TearsAnywhere = seed % 2 == 0 };
        using var script = new LogScript(disk, random);
        for (var life = 0; life < 25; life++)
        {
            disk.CrashAtOperation = disk.Operations + 1 + random.Next(60);
            try
            {
                Try(() => script.Open(), seed, life);
                Try(() => Work(script, 200), seed, life);
            }
            catch (SimulatedDiskCrash)
            {
                // The next life begins with what is left.
            }

            disk.Crash(random);
        }

        Try(() => script.Open(), seed, life: 25);
    }

    private static void Work(LogScript script, int steps)
    {
        for (var i = 0; i < steps; i++)
            script.Step();
    }

    /// <summary>Says in a failure how to see it again.</summary>
    private static void Try(Action action, int seed, int life)
    {
        try
        {
            action();
        }
        catch (Exception failure) when (failure is not SimulatedDiskCrash)
        {
            throw new AssertionException($"Seed {seed}, crash or life {life}: {failure.Message}", failure);
        }
    }
}
