using Microsoft.Extensions.Configuration;
using XCron.Daemon.Configuration;
using XCron.Daemon.Hosting;

namespace XCron.Daemon.Tests.Hosting;

internal sealed class DaemonHostTests
{
    [Test]
    public async Task No_file_of_the_working_directory_configures_the_server_or_is_watched()
    {
        await using var app = DaemonHost.Build(new XCronOptions());

        var root = (IConfigurationRoot)app.Configuration;
        Assert.That(root.Providers.OfType<FileConfigurationProvider>(), Is.Empty);
    }
}
