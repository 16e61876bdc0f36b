using XCron.Raft.Storage;

namespace XCron.Raft.Tests.Storage;

internal sealed class ChecksumTests
{
    [Test]
    public void It_is_the_CRC_32C_of_RFC_3720()
    {
        using (Assert.EnterMultipleScope())
        {
            Assert.That(Checksum.Of("123456789"u8), Is.EqualTo(0xE3069283));
            Assert.That(Checksum.Of(new byte[32]), Is.EqualTo(0x8A9136AA));
            Assert.That(Checksum.Of([]), Is.Zero);
        }
    }

    [Test]
    public void Parts_continue_to_the_sum_of_the_whole()
    {
        var bytes = Sample.Bytes(100);
        for (var cut = 0; cut <= bytes.Length; cut++)
        {
            var parts = Checksum.Continue(Checksum.Of(bytes.AsSpan(0, cut)), bytes.AsSpan(cut));
            Assert.That(parts, Is.EqualTo(Checksum.Of(bytes)), $"cut at {cut}");
        }
    }
}
