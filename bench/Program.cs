using System.Globalization;
using bench;
using bench.Raft;
using BenchmarkDotNet.Running;

switch (args)
{
    case ["bare-endpoint", var port]:
        await BareEndpoint.RunAsync(int.Parse(port, CultureInfo.InvariantCulture));
        break;
    case ["fire", var api, var count]:
        await FireProfile.RunAsync(api, int.Parse(count, CultureInfo.InvariantCulture));
        break;
    case ["scale", .. var options]:
        return await ScaleProfile.RunAsync(options);
    case ["steady", .. var options]:
        return await SteadyProfile.RunAsync(options);
    case ["failover", .. var options]:
        return await FailoverProfile.RunAsync(options);
    case ["crontab"]:
        CrontabProfile.Run();
        break;
    case ["raft", .. var parts]:
        await RaftProfile.RunAsync(parts);
        break;
    default:
        BenchmarkSwitcher.FromAssembly(typeof(BareEndpoint).Assembly).Run(args);
        break;
}

return 0;
