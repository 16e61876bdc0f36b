using XCron.Daemon.Api;

namespace XCron.Daemon.Tests.Api;

internal sealed class ApiCodeTests
{
    /// <summary>As the contract's table has it.</summary>
    private static readonly Dictionary<int, int> Table = new()
    {
        [0] = 200,
        [1000] = 400,
        [1001] = 400,
        [1002] = 400,
        [1003] = 400,
        [1005] = 403,
        [1010] = 400,
        [1011] = 400,
        [1020] = 400,
        [1030] = 404,
        [1031] = 404,
        [1040] = 409,
        [1041] = 413,
        [1050] = 503,
        [1051] = 429,
        [1052] = 503,
        [1060] = 401,
        [1061] = 403,
        [1099] = 500,
    };

    [Test]
    public void Each_code_has_the_HTTP_status_of_the_contract()
    {
        var codes = typeof(ApiCode).GetFields().Select(static field => (int)field.GetRawConstantValue()!).ToArray();

        Assert.That(codes, Is.EquivalentTo(Table.Keys));
        Assert.That(codes.ToDictionary(static code => code, ApiCode.HttpStatus), Is.EqualTo(Table));
        Assert.That(codes.Select(ApiCode.Meaning), Is.Unique.And.All.Not.Empty);
    }
}
