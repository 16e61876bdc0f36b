using Microsoft.Extensions.Logging.Abstractions;
using XCron.Daemon.Peers;

namespace XCron.Daemon.Tests.Peers;

internal static class Traces
{
    public static PeersTrace None => new(NullLogger<PeersTrace>.Instance);
}
