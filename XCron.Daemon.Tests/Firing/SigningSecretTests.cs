using System.Security.Cryptography;
using System.Text;
using XCron.Daemon.Firing;

namespace XCron.Daemon.Tests.Firing;

internal sealed class SigningSecretTests
{
    private const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    [Test]
    public void The_published_example_has_the_published_signature()
    {
        Assert.That(SigningSecret.TryParse(Secret, out var secret));

        var signature = secret!.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", "{\"test\": 2432232314}"u8);

        Assert.That(signature, Is.EqualTo("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
    }

    [Test]
    public void It_is_the_HMAC_by_its_definition([Range(1, 20)] int seed)
    {
        var random = new Random(seed);
        var key = new byte[random.Next(24, 65)];
        var body = new byte[random.Next(0, 5000)];
        random.NextBytes(key);
        random.NextBytes(body);
        var id = $"{random.NextInt64()}-{random.Next()}";
        Assert.That(SigningSecret.TryParse($"whsec_{Convert.ToBase64String(key)}", out var secret));

        var signature = secret!.Sign(id, "1581823755", body);

        var mac = Hmac(key, [.. Encoding.UTF8.GetBytes($"{id}.1581823755."), .. body]);
        Assert.That(signature, Is.EqualTo($"v1,{Convert.ToBase64String(mac)}"), $"seed {seed}");
    }

    [TestCase("")]
    [TestCase("whsec_")]
    [TestCase("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS")]
    [TestCase("whsec_!fKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    [TestCase("whsec_c2hvcnQ=")]
    public void What_is_no_secret_of_24_to_64_bytes_is_refused(string text) =>
        Assert.That(SigningSecret.TryParse(text, out _), Is.False);

    [Test]
    public void It_does_not_show_itself()
    {
        Assert.That(SigningSecret.TryParse(Secret, out var secret));

        Assert.That($"{secret}", Is.EqualTo("whsec_…"));
    }

    /// <summary>RFC 2104, step by step.</summary>
    private static byte[] Hmac(byte[] key, byte[] message)
    {
        const int BlockBytes = 64;
        var padded = new byte[BlockBytes];
        key.CopyTo(padded, 0);
        byte[] inner = SHA256.HashData([.. padded.Select(octet => (byte)(octet ^ 0x36)), .. message]);
        return SHA256.HashData([.. padded.Select(octet => (byte)(octet ^ 0x5C)), .. inner]);
    }
}
