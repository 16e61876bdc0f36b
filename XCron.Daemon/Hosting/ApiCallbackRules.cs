using System.Net;
using XCron.Daemon.Api;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Hosting;

/// <summary>The same rules at the door as at the socket; here for addresses that stand in the URL itself.</summary>
internal sealed class ApiCallbackRules(FiringOptions options) : ICallbackRules
{
    private readonly CallbackRules _rules = new(options.AllowedNetworks, options.DeniedNetworks);

    public string? Check(Uri target) =>
        IPAddress.TryParse(target.IdnHost, out var address) && !_rules.Allows(address)
            ? $"{address} is not allowed by [callback] allow and deny"
            : null;
}
