using bench;
using BenchmarkDotNet.Running;

if (args is ["bare-endpoint", var port])
{
    await BareEndpoint.RunAsync(int.Parse(port, System.Globalization.CultureInfo.InvariantCulture));
    return;
}

BenchmarkSwitcher.FromAssembly(typeof(BareEndpoint).Assembly).Run(args);
