using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Tests.Diagnostics;

internal sealed class MachineSamplerTests
{
    [Test]
    public async Task The_first_figures_are_there_once_it_is_started()
    {
        await using var sampler = Sampler(TimeSpan.FromHours(1));
        Assert.That(sampler.Latest, Is.EqualTo(new MachineFigures()));

        sampler.Start();

        Assert.That(sampler.Latest.ProcessResidentBytes, Is.Positive);
    }

    [Test]
    public async Task Disposing_ends_the_loop_within_its_wait()
    {
        var sampler = Sampler(TimeSpan.FromHours(1));
        sampler.Start();

        await sampler.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30));

        Assert.That(sampler.Latest.ProcessResidentBytes, Is.Positive);
    }

    [Test]
    public async Task It_starts_once()
    {
        await using var sampler = Sampler(TimeSpan.FromHours(1));
        sampler.Start();

        Assert.That(sampler.Start, Throws.InvalidOperationException);
    }

    [Test]
    public void The_interval_is_positive() =>
        Assert.That(() => Sampler(TimeSpan.Zero), Throws.InstanceOf<ArgumentOutOfRangeException>());

    private static MachineSampler Sampler(TimeSpan interval) =>
        new(new MachineReader(Path.GetTempPath()), TimeProvider.System, interval, NullLogger.Instance);
}
