using System.Diagnostics;
using XCron.Daemon.Configuration;
using XCron.Daemon.Hosting;

switch (ConfigurationLoader.Load(Surroundings.OfThisProcess(args)))
{
    case ConfigurationOutcome.Print print:
        Console.Out.Write(print.Text);
        return 0;
    case ConfigurationOutcome.Refused refused:
        Console.Error.Write(refused.Message);
        return ConfigurationOutcome.Refused.ExitCode;
    case ConfigurationOutcome.Run run:
        ConcurrentGc.LetOthersThrough();
        return await Daemon.RunAsync(run);
    case ConfigurationOutcome.Recover recover:
        return RecoverCommand.Run(recover, Console.Out, Console.Error);
    default:
        throw new UnreachableException("every outcome of the configuration is handled");
}
