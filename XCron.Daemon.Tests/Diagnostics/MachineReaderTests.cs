using XCron.Daemon.Diagnostics;

namespace XCron.Daemon.Tests.Diagnostics;

internal sealed class MachineReaderTests
{
    private readonly DirectoryInfo _proc = Directory.CreateTempSubdirectory("xcron-proc-");

    [OneTimeTearDown]
    public void Remove() => _proc.Delete(recursive: true);

    [SetUp]
    public void Clear()
    {
        foreach (var file in _proc.GetFiles())
            file.Delete();
    }

    [Test]
    public void Cpu_share_is_of_the_time_between_two_readings()
    {
        var reader = new MachineReader(Path.GetTempPath(), _proc.FullName);

        // user nice system idle iowait irq softirq steal guest guest_nice
        Write("stat", "cpu  100 0 100 700 100 0 0 0 50 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n");
        var first = reader.Read();
        Write("stat", "cpu  120 5 105 760 110 0 0 0 70 0\n");
        var second = reader.Read();
        var third = reader.Read();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(first.CpuShare, Is.Null, "nothing to compare with");
            Assert.That(second.CpuShare, Is.EqualTo(0.3).Within(1e-9), "30 busy of 100 ticks");
            Assert.That(third.CpuShare, Is.EqualTo(second.CpuShare), "no tick has gone by");
        }
    }

    [Test]
    public void Memory_and_load_are_read_from_proc()
    {
        Write("meminfo", "MemTotal:       24684092 kB\nMemFree:         100 kB\nMemAvailable:   24232512 kB\n");
        Write("loadavg", "1.25 0.80 0.40 2/345 6789\n");

        var figures = new MachineReader(Path.GetTempPath(), _proc.FullName).Read();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.MemoryTotalBytes, Is.EqualTo(24684092L * 1024));
            Assert.That(figures.MemoryAvailableBytes, Is.EqualTo(24232512L * 1024));
            Assert.That(figures.Load1M, Is.EqualTo(1.25));
        }
    }

    [Test]
    public void What_the_system_does_not_tell_is_unknown_and_not_invented()
    {
        Write("stat", "cpu  many\n");
        Write("meminfo", "MemTotal: plenty\n");
        Write("loadavg", "\n");

        var reader = new MachineReader(Path.GetTempPath(), _proc.FullName);
        reader.Read();
        var figures = reader.Read();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.CpuShare, Is.Null);
            Assert.That(figures.MemoryTotalBytes, Is.Null);
            Assert.That(figures.MemoryAvailableBytes, Is.Null);
            Assert.That(figures.Load1M, Is.Null);
            Assert.That(figures.ProcessResidentBytes, Is.Positive);
        }
    }

    [Test]
    public void Without_proc_the_disk_and_the_process_are_still_known()
    {
        var figures = new MachineReader(Path.GetTempPath(), Path.Combine(_proc.FullName, "none")).Read();

        using (Assert.EnterMultipleScope())
        {
            Assert.That(figures.CpuShare, Is.Null);
            Assert.That(figures.DiskTotalBytes, Is.Positive);
            Assert.That(figures.DiskFreeBytes, Is.AtMost(figures.DiskTotalBytes!.Value));
            Assert.That(figures.ProcessResidentBytes, Is.Positive);
        }
    }

    [Test]
    public void A_data_directory_that_does_not_exist_yet_is_on_the_disk_it_will_be_on()
    {
        var inside = Path.Combine(_proc.FullName, "not", "yet");

        Assert.That(
            new MachineReader(inside).Read().DiskTotalBytes,
            Is.EqualTo(new MachineReader(_proc.FullName).Read().DiskTotalBytes));
    }

    private void Write(string file, string text) => File.WriteAllText(Path.Combine(_proc.FullName, file), text);
}
