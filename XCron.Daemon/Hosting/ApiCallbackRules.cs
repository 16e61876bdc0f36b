using XCron.Daemon.Api;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Hosting;

/// <summary>The same rules at the door as at the socket; here for addresses that stand in the URL itself.</summary>
internal sealed class ApiCallbackRules(FiringOptions options) : ICallbackRules
{
    private readonly CallbackRules _rules = new(options);

    public string? Check(Uri target) => _rules.Check(target);
}
