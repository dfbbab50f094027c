//! Derivations that Nix 2.8.0 wrote, by `nix-instantiate` with an empty store.

/// Store paths and the bytes of their files. Inputs come before what needs
/// them.
pub(crate) const WRITTEN_BY_NIX: &[(&str, &str)] = &[
    (
        "97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv",
        r#"Derive([("out","/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x","","")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","x"),("out","/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x"),("system","x86_64-linux")])"#,
    ),
    (
        "vac2d03aww9cwcjayczpi1nmwniw4ppy-multi.drv",
        r#"Derive([("a","/nix/store/rfibki5avggxd7g404dcbf1ix0y61jfz-multi-a","",""),("dev","/nix/store/ifw4x157fbadn391cdwjbhvygp2lis8w-multi-dev","",""),("out","/nix/store/x4widxcq9np8b6adpmhy5cpk3dqyzmhj-multi","",""),("zz","/nix/store/b5z1bjxb7h22135rhl1ig3j4raca6m9f-multi-zz","","")],[],[],"x86_64-linux","/bin/sh",["-c","echo \"$out\"\t\\ \r\n"],[("a","/nix/store/rfibki5avggxd7g404dcbf1ix0y61jfz-multi-a"),("builder","/bin/sh"),("dev","/nix/store/ifw4x157fbadn391cdwjbhvygp2lis8w-multi-dev"),("name","multi"),("out","/nix/store/x4widxcq9np8b6adpmhy5cpk3dqyzmhj-multi"),("outputs","out dev a zz"),("system","x86_64-linux"),("zz","/nix/store/b5z1bjxb7h22135rhl1ig3j4raca6m9f-multi-zz")])"#,
    ),
    (
        "aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv",
        r#"Derive([("out","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r","r:sha256","ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","r"),("out","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r"),("outputHash","1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"),("outputHashAlgo","sha256"),("outputHashMode","recursive"),("system","x86_64-linux")])"#,
    ),
    (
        "pmkb617b37g04j59j4v5zqfn9fqcdafg-r.drv",
        r#"Derive([("out","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r","r:sha256","ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("how","other"),("name","r"),("out","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r"),("outputHash","1b8m03r63zqhnjf7l5wnldhh7c134ap5vpj0850ymkq1iyzicy5s"),("outputHashAlgo","sha256"),("outputHashMode","recursive"),("system","x86_64-linux")])"#,
    ),
    (
        "xgyw6r65y9m1wrz32wr4r28j5jqijhsq-m.drv",
        r#"Derive([("out","/nix/store/mfj6blv5mgsc58dyxpf44q1551fds52a-m","md5","900150983cd24fb0d6963f7d28e17f72")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","m"),("out","/nix/store/mfj6blv5mgsc58dyxpf44q1551fds52a-m"),("outputHash","900150983cd24fb0d6963f7d28e17f72"),("outputHashAlgo","md5"),("system","x86_64-linux")])"#,
    ),
    (
        "sy6vvbmxyl0lqhavwqnshxdbadph51gx-s1.drv",
        r#"Derive([("out","/nix/store/l1ky3v91swvrjymaag69gjpiww2704ad-s1","r:sha1","a9993e364706816aba3e25717850c26c9cd0d89d")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","s1"),("out","/nix/store/l1ky3v91swvrjymaag69gjpiww2704ad-s1"),("outputHash","a9993e364706816aba3e25717850c26c9cd0d89d"),("outputHashAlgo","sha1"),("outputHashMode","recursive"),("system","x86_64-linux")])"#,
    ),
    (
        "6rc002grz7csv5h0g4qp87gb6kf8svja-s5.drv",
        r#"Derive([("out","/nix/store/4wksjy6fgqnha024fb8w7a18zv2s4kz6-s5","sha512","ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","s5"),("out","/nix/store/4wksjy6fgqnha024fb8w7a18zv2s4kz6-s5"),("outputHash","ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"),("outputHashAlgo","sha512"),("outputHashMode","flat"),("system","x86_64-linux")])"#,
    ),
    (
        "kf7iifs5d45359racw4m9iha1h1j08jj-f.tar.gz.drv",
        r#"Derive([("out","/nix/store/vbiwwizcda42jcy2gvi0isrbbipw4lya-f.tar.gz","sha256","ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","f.tar.gz"),("out","/nix/store/vbiwwizcda42jcy2gvi0isrbbipw4lya-f.tar.gz"),("outputHash","sha256-ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="),("system","x86_64-linux")])"#,
    ),
    (
        "07q470j0c2dy7wn9zh0xba7xmlqxwik6-uf.drv",
        r#"Derive([("out","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf","","")],[("/nix/store/aagl4c7p2y4l0jkcx4lqnrk8sw1rfvga-r.drv",["out"]),("/nix/store/kf7iifs5d45359racw4m9iha1h1j08jj-f.tar.gz.drv",["out"]),("/nix/store/xgyw6r65y9m1wrz32wr4r28j5jqijhsq-m.drv",["out"])],[],"x86_64-linux","/bin/sh",[],[("a","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r"),("b","/nix/store/vbiwwizcda42jcy2gvi0isrbbipw4lya-f.tar.gz"),("builder","/bin/sh"),("c","/nix/store/mfj6blv5mgsc58dyxpf44q1551fds52a-m"),("name","uf"),("out","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf"),("system","x86_64-linux")])"#,
    ),
    (
        "zfqjiivkpmnlj8fj6zfgxrxbwlddd67r-uf.drv",
        r#"Derive([("out","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf","","")],[("/nix/store/kf7iifs5d45359racw4m9iha1h1j08jj-f.tar.gz.drv",["out"]),("/nix/store/pmkb617b37g04j59j4v5zqfn9fqcdafg-r.drv",["out"]),("/nix/store/xgyw6r65y9m1wrz32wr4r28j5jqijhsq-m.drv",["out"])],[],"x86_64-linux","/bin/sh",[],[("a","/nix/store/cd5825pyqz7vpmwzda2af4ahjaryrb9m-r"),("b","/nix/store/vbiwwizcda42jcy2gvi0isrbbipw4lya-f.tar.gz"),("builder","/bin/sh"),("c","/nix/store/mfj6blv5mgsc58dyxpf44q1551fds52a-m"),("name","uf"),("out","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf"),("system","x86_64-linux")])"#,
    ),
    (
        "bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv",
        r#"Derive([("out","/nix/store/yqvzcdr4fan7v0957rcdpbsajabkr164-ub","","")],[("/nix/store/07q470j0c2dy7wn9zh0xba7xmlqxwik6-uf.drv",["out"]),("/nix/store/vac2d03aww9cwcjayczpi1nmwniw4ppy-multi.drv",["dev","zz"]),("/nix/store/zfqjiivkpmnlj8fj6zfgxrxbwlddd67r-uf.drv",["out"])],["/nix/store/dda4p611vyrlinnjrh41mcwbvkrn4ngw-text2"],"x86_64-linux","/bin/sh",[],[("a","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf"),("b","/nix/store/2chjs9fmg4nl1ihlys27f0xsdw4087xv-uf"),("builder","/bin/sh"),("c","/nix/store/ifw4x157fbadn391cdwjbhvygp2lis8w-multi-dev"),("d","/nix/store/b5z1bjxb7h22135rhl1ig3j4raca6m9f-multi-zz"),("name","ub"),("out","/nix/store/yqvzcdr4fan7v0957rcdpbsajabkr164-ub"),("system","x86_64-linux"),("t","/nix/store/dda4p611vyrlinnjrh41mcwbvkrn4ngw-text2")])"#,
    ),
    (
        "99sy85532gc47xrdq9mq6rv81xz61ggf-st.drv",
        r#"Derive([("bin","/nix/store/lky6454za4bai7f57mjjqpmqx0vw58ii-st-bin","",""),("out","/nix/store/68i23jp5yqpdzis2vacqd84fm2hsl907-st","","")],[("/nix/store/97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv",["out"]),("/nix/store/bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv",["out"])],[],"x86_64-linux","/bin/sh",[],[("__json","{\"builder\":\"/bin/sh\",\"list\":[1,2.5,\"é\",null,true],\"name\":\"st\",\"outputs\":[\"out\",\"bin\"],\"set\":{\"a\":\"/nix/store/yqvzcdr4fan7v0957rcdpbsajabkr164-ub\",\"z\":\"/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x\"},\"system\":\"x86_64-linux\"}"),("bin","/nix/store/lky6454za4bai7f57mjjqpmqx0vw58ii-st-bin"),("out","/nix/store/68i23jp5yqpdzis2vacqd84fm2hsl907-st")])"#,
    ),
    (
        "88ya98sz5kbw5xbi24s98raak5sciydi-u.drv",
        r#"Derive([("out","/nix/store/ggmbhwq73zn6zzvyjlzh0nbd1r9p94lk-u","","")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("empty",""),("name","u"),("out","/nix/store/ggmbhwq73zn6zzvyjlzh0nbd1r9p94lk-u"),("system","x86_64-linux"),("with space","  "),("ünï","wörld €\"\\")])"#,
    ),
    (
        "bljm5c89d8ypp0zk7k19khfk2qm36jcd-p.drv",
        r#"Derive([("lib","/nix/store/y3g7nbfxkijm8xsqwv8627dsqmnfa1br-p-lib","",""),("out","/nix/store/ddbkfahys9ab0lk4739lmr7fnw6mlzzr-p","","")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("lib","/nix/store/y3g7nbfxkijm8xsqwv8627dsqmnfa1br-p-lib"),("name","p"),("out","/nix/store/ddbkfahys9ab0lk4739lmr7fnw6mlzzr-p"),("outputs","out lib"),("system","x86_64-linux"),("v","/0sra2y18lr3h6j58qjm0w46yv36h1wjmilb09n8aimdpivdymscx"),("w","/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9")])"#,
    ),
    (
        "809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv",
        r#"Derive([("dev","","r:sha256",""),("out","","r:sha256","")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("dev","/02qcpld1y6xhs5gz9bchpxaw0xdhmsp5dv88lh25r2ss44kh8dxz"),("name","ca"),("out","/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"),("outputHashAlgo","sha256"),("outputHashMode","recursive"),("outputs","out dev"),("system","x86_64-linux")])"#,
    ),
    (
        "101mhrqqrw2m3ib92y1sw9w4bj2hx6vy-caf.drv",
        r#"Derive([("out","","sha512","")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","caf"),("out","/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"),("outputHashAlgo","sha512"),("outputHashMode","flat"),("system","x86_64-linux")])"#,
    ),
    (
        "c4h3ikxa5pxaqpp3h9y8dbq9rbk10nd9-uca.drv",
        r#"Derive([("out","","","")],[("/nix/store/809hd68vvfpi7cnll3ilvwg5qng30ymh-ca.drv",["dev","out"])],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","uca"),("out",""),("system","x86_64-linux"),("x","/0175br9dnq4yrfgdm65nfy660im9l7d7swg83l51hkjl9ib1pb9g"),("y","/0n40qcrmrsv91dsw86nd9mn7gi2jhyjka78s63b7h9cjnz66cfvh")])"#,
    ),
    (
        "k7dpf0zvg2cd58alkb2ayym2kd10z236-uuca.drv",
        r#"Derive([("man","","",""),("out","","","")],[("/nix/store/97qlv6h78lxlm9zc8849ahsbcklhsi2y-x.drv",["out"]),("/nix/store/c4h3ikxa5pxaqpp3h9y8dbq9rbk10nd9-uca.drv",["out"])],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("man",""),("name","uuca"),("out",""),("outputs","out man"),("system","x86_64-linux"),("x","/0dcri8d0gv8szdyhbjzwjjv7cmx50mvc8rpcr8w0cv3hj01mlpag"),("y","/nix/store/s668cfx1vrqfjryf96jj8wfhg7f67dhj-x")])"#,
    ),
    (
        "asw3pzjjhl9hisw0kahpcjzpg9gb973l-imp.drv",
        r#"Derive([("out","","r:sha256","impure")],[],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","imp"),("out","/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"),("outputHashAlgo","sha256"),("outputHashMode","recursive"),("system","x86_64-linux")])"#,
    ),
    (
        "h6xj65nvapcpxcvmzpr4xq41p0vgm2rm-uimp.drv",
        r#"Derive([("out","","r:sha256","impure")],[("/nix/store/asw3pzjjhl9hisw0kahpcjzpg9gb973l-imp.drv",["out"])],[],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","uimp"),("out","/1rz4g4znpzjwh1xymhjpm42vipw92pr73vdgl6xs1hycac8kf2n9"),("outputHashAlgo","sha256"),("outputHashMode","recursive"),("system","x86_64-linux"),("x","/0j7dqhb49dxrhdxdlqqymzljrjdd2qnhfl138mq1myij4925v7k5")])"#,
    ),
    (
        "379yqhjix69k4f6wifilxzfi16gwrmrq-dd.drv",
        r#"Derive([("out","/nix/store/z3y9zfrqs3cijqfbqxx2hf2mhx89xxnb-dd","","")],[],["/nix/store/bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv"],"x86_64-linux","/bin/sh",[],[("builder","/bin/sh"),("name","dd"),("out","/nix/store/z3y9zfrqs3cijqfbqxx2hf2mhx89xxnb-dd"),("system","x86_64-linux"),("x","/nix/store/bz7sh3s2cj6lqwvd9ad1ydn81vqryxw8-ub.drv")])"#,
    ),
];
